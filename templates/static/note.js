// L writes in the log from any page: in the note that stands on it, else in the frame's dialog. Closing it gives the focus back, and
// keeps what was typed. Whoever speaks to their machine, or presses keys by accident, turns the key off on the help page.
"use strict";
(() => {
  const dialog = document.getElementById("quick-note");
  const OFF = "note-key-off";
  const store = (act) => {
    try { return act(window.localStorage); } catch { return null; } // a browser may refuse to keep anything
  };
  const isOff = () => Boolean(store((at) => at.getItem(OFF)));
  const field = () => dialog.querySelector("textarea");
  const open = () => {
    document.getElementById("quick-note-said").textContent = "";
    dialog.showModal();
    field().focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "l" || event.ctrlKey || event.metaKey || event.altKey || isOff()) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const note = document.querySelector("[data-note-here] textarea, .page [data-quick-note] textarea");
    if (!note && !dialog) return;
    event.preventDefault();
    if (note) note.focus();
    else open();
  });

  const key = document.getElementById("note-key");
  if (key) {
    const show = () => { key.setAttribute("aria-pressed", String(!isOff())); key.textContent = isOff() ? key.dataset.off : key.dataset.on; };
    key.hidden = false;
    key.addEventListener("click", () => {
      store((at) => (isOff() ? at.removeItem(OFF) : at.setItem(OFF, "1")));
      show();
    });
    show();
  }

  if (!dialog) return;
  document.querySelector("[data-open-note]").addEventListener("click", (event) => { event.preventDefault(); open(); });
  const trouble = document.getElementById("quick-note-trouble");
  const part = document.getElementById("quick-note-form");
  part.addEventListener("htmx:beforeRequest", () => { trouble.hidden = true; });
  for (const gone of ["htmx:sendError", "htmx:timeout"]) part.addEventListener(gone, () => { trouble.hidden = false; });
  part.addEventListener("htmx:beforeOnLoad", (event) => {
    const { status } = event.detail.xhr;
    if (status === 401 || status === 403) {
      event.preventDefault();
      dialog.querySelector("[data-quick-note]").submit(); // the session is over: the way that keeps what was typed
    } else if (status >= 500) {
      trouble.hidden = false;
    }
  });
  part.addEventListener("htmx:afterSwap", () => field().focus());
  document.addEventListener("noted", () => {
    dialog.close();
    const said = document.getElementById("quick-note-said");
    said.textContent = dialog.dataset.said;
    setTimeout(() => { said.textContent = ""; }, 6000);
  });
})();
