// The tree: pieces that are fetched, and the arrow keys.
(() => {
  "use strict";
  const piece = async (address) => {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes;
  };

  document.querySelectorAll("[data-load]").forEach(async (part) => {
    try { part.replaceChildren(...await piece(part.dataset.load)); } catch { part.dataset.failed = "yes"; }
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-grow]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (link.dataset.busy) return;
    link.dataset.busy = "yes";
    try { link.replaceWith(...await piece(link.dataset.grow)); } catch { location.href = link.href; }
  });

  const tree = document.querySelector("[data-tree]");
  if (!tree) return;
  const seat = (attribute, value) => value && tree.querySelector(`a.seat[data-${attribute}="${CSS.escape(value)}"]`);
  const beside = (here, step) => {
    const row = [...tree.querySelectorAll(`a.seat[data-generation="${here.dataset.generation}"]`)];
    return row[row.indexOf(here) + step];
  };
  const keys = {
    ArrowUp: (here) => seat("seat", here.dataset.parent),
    ArrowDown: (here) => seat("parent", here.dataset.seat),
    ArrowLeft: (here) => beside(here, -1),
    ArrowRight: (here) => beside(here, 1),
    Home: () => tree.querySelector("a.seat.here"),
  };
  document.addEventListener("keydown", (event) => {
    const step = keys[event.key];
    const here = event.target.closest("a.seat") || (event.target === document.body && tree.querySelector("a.seat.here"));
    if (!step || !here || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    (event.target === document.body ? here : step(here) || here).focus();
  });
})();
