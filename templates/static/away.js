// The database was away: ask again every five seconds whether it is back, and go on where we were. Never for a form that was sent.
"use strict";
setInterval(async () => {
  try {
    const answer = await fetch("/readyz", { cache: "no-store" });
    if (answer.ok) location.assign(location.href);
  } catch {
    // Still away.
  }
}, 5000);
