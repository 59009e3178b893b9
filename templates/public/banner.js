// The crisis page's latest headline, on top of the page that includes this file.
(() => {
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  fetch(`${base}banner.json`, { credentials: "omit" })
    .then((answer) => answer.json())
    .then((crisis) => {
      const all = crisis.languages;
      const said = all[document.documentElement.lang.slice(0, 2)] || all[crisis.primary] || Object.values(all)[0];
      if (!said || !said.url.startsWith("https://")) return;
      const banner = document.createElement("aside");
      const link = document.createElement("a");
      link.href = said.url;
      link.textContent = `${said.kind} ${said.at}: ${said.title}`;
      link.style.cssText =
        "display:block;padding:1rem;color:#fff;font:700 1.1rem/1.4 system-ui,sans-serif;background:" +
        (crisis.state === "over" ? "#14532d" : "#9b0019");
      banner.append(link);
      document.body.prepend(banner);
    })
    .catch(() => {});
})();
