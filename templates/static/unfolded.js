// What somebody has unfolded stays so when its part of the page is written anew. Within [data-unfolded].
"use strict";
(() => {
  const opened = new Set();
  document.addEventListener("toggle", (event) => {
    const fold = event.target;
    if (!fold.id || !fold.isConnected || !fold.closest?.("[data-unfolded]")) return;
    if (fold.open) opened.add(fold.id);
    else opened.delete(fold.id);
  }, true);
  const unfold = () => {
    for (const id of opened) {
      const fold = document.getElementById(id);
      if (fold) fold.open = true;
    }
  };
  for (const name of ["htmx:sseMessage", "htmx:afterSettle"]) document.addEventListener(name, unfold);
})();
