// Passkeys: asks the server what to ask for, asks the browser for it, and sends the form. Without this script the form stays
// hidden, and the other ways in are there.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const named = (held) => (held || []).map((each) => ({ ...each, id: bytes(each.id) }));

  const asked = (options) => {
    const wanted = { ...options, challenge: bytes(options.challenge) };
    if (options.user) wanted.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) wanted.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) wanted.allowCredentials = named(options.allowCredentials);
    return wanted;
  };

  const answered = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  };

  const bring = async (form) => {
    const headers = { "X-CSRF": form.elements.csrf.value };
    const reply = await fetch(form.dataset.options, { method: "POST", headers, body: new URLSearchParams() });
    if (!reply.ok || reply.redirected) throw new Error("no options");
    const { begun, options } = await reply.json();
    const publicKey = asked(options);
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.querySelector("[data-begun]").value = begun;
    form.querySelector("[data-credential]").value = answered(made);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button[type=submit]");
      const said = form.querySelector("[data-said]");
      said.hidden = true;
      button.disabled = true;
      try {
        await bring(form);
        HTMLFormElement.prototype.submit.call(form);
      } catch (failure) {
        said.textContent = form.dataset.failed;
        said.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  }
})();
