// Keeps a drill's clock and its deadlines going, by the server's time: drill time goes faster, slower, or stands still. And keeps the
// keyboard where it was when what was pressed is gone.
"use strict";
(() => {
  const two = (value) => String(value).padStart(2, "0");
  const span = (seconds) => {
    const whole = Math.floor(seconds);
    const short = `${two(Math.floor(whole / 60) % 60)}.${two(whole % 60)}`;
    return whole >= 3600 ? `${Math.floor(whole / 3600)}.${short}` : short;
  };
  const told = document.querySelector("[data-server-now]");
  const ahead = told ? Date.parse(told.dataset.serverNow) - Date.now() : 0;
  const show = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const tick = () => {
    const clock = document.querySelector("[data-drill-clock]");
    if (!clock) return;
    const { at, elapsed, speed, most } = clock.dataset;
    const gone = ((Date.now() + ahead - Date.parse(at)) / 1000) * Number(speed);
    const says = Math.max(0, Math.min(Number(most), Number(elapsed) + Math.max(0, gone)));
    show(clock, span(says));
    for (const each of document.querySelectorAll("[data-drill-until]")) {
      const left = Number(each.dataset.drillUntil) - says;
      each.dataset.over = String(left < 0);
      const word = left < 0 ? each.dataset.wordsOver : each.dataset.wordsAhead;
      show(each.querySelector("[data-left]"), `${span(Math.abs(left))} ${word}`);
    }
  };
  tick();
  setInterval(tick, 250);
  document.addEventListener("htmx:afterSettle", tick);

  let home = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    home = event.target.closest("li[id], section[id]")?.id ?? "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (home && document.activeElement === document.body) document.getElementById(home)?.focus({ preventScroll: true });
    home = "";
  });
})();
