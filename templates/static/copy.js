// A button beside a text that is to be taken elsewhere by hand. Without scripts it is not there, and the text is marked as usual.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.querySelector("[role=status]").textContent = button.dataset.copied;
    });
  }
})();
