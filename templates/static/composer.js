// Keeps what is typed: every two seconds to the server, and in this browser until the server has it. Nothing here is needed to
// write or to send; without it the form's own buttons do the same.
"use strict";
(() => {
  const form = document.getElementById("composer");
  if (!form) return;
  document.documentElement.classList.add("scripted");
  const EVERY = 2000;
  const FIELDS = ["headline", "what_happened", "where", "what_to_do", "leads", "contact", "short"];
  const key = `draft-${form.dataset.revision}-${form.dataset.language}`;
  const field = (name) => form.elements.namedItem(name);
  const values = () => Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
  let sent = JSON.stringify(values());
  let dirty = false;
  let busy = false;
  let leaving = false;

  // In this browser, until the server has it.
  const store = (act) => {
    try { return act(window.localStorage); } catch { return null; } // a browser may refuse to keep anything
  };
  const keepHere = () => store((at) => at.setItem(key, JSON.stringify({ at: Date.now(), values: values() })));
  const dropHere = () => store((at) => at.removeItem(key));
  const held = store((at) => JSON.parse(at.getItem(key) || "null"));
  if (held && held.values && FIELDS.some((name) => (held.values[name] || "") !== field(name).value)) {
    const box = document.getElementById("restore");
    const when = new Date(held.at);
    document.getElementById("restore-at").textContent = when.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
    box.hidden = false;
    document.getElementById("restore-yes").addEventListener("click", () => {
      for (const name of FIELDS) if (name in held.values) field(name).value = held.values[name];
      box.hidden = true;
      changed();
      field("headline").focus();
    });
    document.getElementById("restore-no").addEventListener("click", () => { dropHere(); box.hidden = true; });
  } else if (held) {
    dropHere();
  }

  // To the server.
  const say = (state) => {
    const line = document.getElementById("saved");
    const words = { trying: line.dataset.trying, waiting: line.dataset.waiting }[state];
    if (words && line.dataset.kept !== state) { line.dataset.kept = state; line.textContent = words; }
    document.getElementById("save-trouble").textContent = state === "trying" ? words : "";
  };
  const changed = () => { dirty = true; keepHere(); };
  form.addEventListener("input", (event) => {
    if (event.target.name && event.target.name.startsWith("pick-")) return;
    changed();
  });
  const isOpen = () => document.getElementById("clash").dataset.open === "true";
  setInterval(() => {
    if (!dirty || busy || leaving || isOpen()) return;
    dirty = false;
    busy = true;
    sent = JSON.stringify(values());
    say("waiting");
    htmx.trigger(form, "keep");
  }, EVERY);
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== form) return;
    busy = false;
    if (event.detail.successful) {
      document.getElementById("save-trouble").textContent = "";
      if (document.getElementById("saved").dataset.kept === "yes" && JSON.stringify(values()) === sent) dropHere();
    } else {
      dirty = true;
      say("trying");
    }
  });
  // The session is over: to the sign-in page and back, and what was typed waits here.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status === 401) { leaving = true; if (dirty || busy) keepHere(); }
  });
  form.addEventListener("submit", () => { leaving = true; keepHere(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  window.addEventListener("beforeunload", (event) => { if ((dirty || busy) && !leaving) { keepHere(); event.preventDefault(); } });

  // A hint's fix, in place, where it is about the text that is open.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=fix][data-field]");
    if (!button || button.dataset.language !== form.dataset.language) return;
    const target = field(button.dataset.field);
    if (!target) return;
    event.preventDefault();
    if ("item" in button.dataset) {
      const lines = target.value.split("\n").filter((line) => line.trim());
      lines.splice(Number(button.dataset.item), 1, ...[button.dataset.text].filter(Boolean));
      target.value = lines.join("\n");
    } else {
      target.value = button.dataset.text;
    }
    changed();
    target.focus();
  });

  // How many hints there are, told once after two seconds' rest.
  let told = document.getElementById("hints").dataset.said;
  let rest = null;
  document.addEventListener("htmx:oobAfterSwap", () => {
    clearTimeout(rest);
    rest = setTimeout(() => {
      const now = document.getElementById("hints").dataset.said;
      if (now !== told) document.getElementById("hint-count").textContent = told = now;
    }, EVERY);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      document.getElementById("review").click();
    }
  });
})();
