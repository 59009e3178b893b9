// L goes to the note, from wherever on the page one is not already writing.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "l" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const note = document.getElementById("text");
  if (!note) return;
  event.preventDefault();
  note.focus();
});
