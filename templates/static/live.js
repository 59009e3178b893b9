// Says whether what changes by itself does: data-live on the part is off, on, lost, away (the database) or ended (signed out).
"use strict";
(() => {
  const part = (event) => event.target.closest?.("[data-live]");
  const say = (element, state) => {
    if (element && element.dataset.live !== "ended") element.dataset.live = state;
  };
  document.addEventListener("htmx:sseOpen", (event) => {
    const element = part(event);
    const source = event.detail.source;
    say(element, "on");
    if (source.isHeard) return;
    source.isHeard = true;
    source.addEventListener("away", () => say(element, "away"));
    source.addEventListener("back", () => say(element, "on"));
    source.addEventListener("ended", () => say(element, "ended"));
  });
  document.addEventListener("htmx:sseError", (event) => say(part(event), "lost"));
  // Whoever comes back to a page out of the browser's memory sees it as it is now.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
