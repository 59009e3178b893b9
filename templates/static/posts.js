// Keeps a post that is being written in this browser, for whoever writes it, until it has been sent: the lock may fall, the session
// end and the browser close meanwhile. Nothing here is needed to write or to send.
"use strict";
(() => {
  const form = document.getElementById("post-form");
  if (!form || !form.dataset.whose) return;
  const key = `post-${form.dataset.whose}-${form.dataset.mode}`;
  const NAMES = ["title", "text", "publish_at-date", "publish_at"];
  const store = (act) => {
    try { return act(window.localStorage); } catch { return null; } // a browser may refuse to keep anything
  };
  const field = (name) => form.elements.namedItem(name);
  const values = () => Object.fromEntries([...new FormData(form)].filter(([name]) => NAMES.includes(name) || name === "account"));
  const isEmpty = () => !field("text").value && !field("title").value;
  const drop = () => store((at) => at.removeItem(key));

  if (form.dataset.sent === "true") drop();
  const held = store((at) => JSON.parse(at.getItem(key) || "null"));
  if (held && (held.text || held.title) && isEmpty()) {
    for (const name of NAMES) if (held[name] !== undefined && field(name)) field(name).value = held[name];
    const account = form.querySelector(`[name=account][value="${CSS.escape(held.account || "")}"]`);
    if (account) account.checked = true;
    const box = document.getElementById("found-again");
    box.hidden = false;
    document.getElementById("found-again-empty").addEventListener("click", () => {
      drop();
      for (const name of NAMES) if (field(name)) field(name).value = "";
      box.hidden = true;
      field("text").focus();
    });
  }
  form.addEventListener("input", () => {
    if (isEmpty()) drop();
    else store((at) => at.setItem(key, JSON.stringify(values())));
  });
})();
