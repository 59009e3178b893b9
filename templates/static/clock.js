// Keeps the page's running times going: data-since counts up, data-until down to the promise and then up past it.
"use strict";
(() => {
  const span = (seconds) => {
    const two = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const short = `${two(Math.floor(seconds / 60) % 60)}.${two(Math.floor(seconds) % 60)}`;
    return hours ? `${hours}.${short}` : short;
  };
  const show = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const tick = () => {
    for (const each of document.querySelectorAll("[data-since]")) {
      show(each, span(Math.max(0, (Date.now() - Date.parse(each.dataset.since)) / 1000)));
    }
    for (const each of document.querySelectorAll("[data-until]")) {
      const left = (Date.parse(each.dataset.until) - Date.now()) / 1000;
      each.dataset.over = String(left < 0);
      show(each.querySelector("[data-word]"), left < 0 ? each.dataset.wordsOver : each.dataset.wordsAhead);
      show(each.querySelector("time"), span(Math.abs(left)));
    }
  };
  tick();
  setInterval(tick, 1000);
})();
