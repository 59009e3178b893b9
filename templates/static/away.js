// The database was away: ask again every five seconds for the page that is wanted, and show it when it comes. After a form was
// sent the page has no script: only a person sends it again.
"use strict";
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
    if (answer.status !== 503) location.replace(location.href);
  } catch {
    // Still away.
  }
}, 5000);
