// A case by keys: digits choose a reason, the lease renews itself while somebody works, notes are kept as they are written.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const token = $("meta[name=csrf-token]").content;
  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");

  document.addEventListener("keydown", (event) => {
    if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const open = $("details.verdict[open]");
    const choice = open && $(`[data-digit="${event.key}"]`, open);
    if (!choice) return;
    event.preventDefault();
    const note = $("input[name=reason_note]", open);
    if (choice.hasAttribute("data-needs-note") && !note.value.trim()) note.focus(); else choice.click();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-submits]");
    if (!link) return;
    event.preventDefault();
    document.getElementById(link.dataset.submits).requestSubmit();
  });

  const lease = $("#lease");
  if (!lease) return;
  const send = (address, values) => fetch(address, {
    method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" },
    body: new URLSearchParams({ lease: lease.dataset.lease, ...values }),
  });

  // The lease: shown to the second, renewed each minute in which the page was used.
  let until = Date.now() + Number(lease.dataset.left) * 1000;
  let used = true;
  let over = false;
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(kind, () => { used = true; }, { passive: true, capture: true });
  }
  const end = () => {
    over = true;
    lease.classList.add("over");
    lease.textContent = lease.dataset.ended;
  };
  const show = () => {
    if (over) return;
    const left = Math.round((until - Date.now()) / 1000);
    if (left <= 0) { end(); return; }
    $("[data-countdown]", lease).textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    lease.classList.toggle("short", left < 120);
  };
  const renew = async () => {
    if (over || !used || document.hidden) return;
    used = false;
    try {
      const answer = await send(lease.dataset.renew, {});
      if (answer.ok) until = Date.now() + (await answer.json()).left * 1000;
      else if (answer.status === 409) end();
    } catch { /* the network is away: the clock on the page goes on */ }
  };
  show();
  setInterval(show, 1000);
  setInterval(renew, Number(lease.dataset.every || 60) * 1000);

  const draft = $("#draft");
  if (!draft) return;
  const state = $("#draft-state");
  let timer = 0;
  const keep = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        const answer = await send(lease.dataset.draft, { note: draft.value, verdict: draft.dataset.verdict });
        state.textContent = answer.ok ? "✓" : "✗";
      } catch { state.textContent = "✗"; }
    }, 800);
  };
  draft.addEventListener("input", keep);
  // Whoever types before this script has come loses nothing.
  if (draft.value !== draft.defaultValue) keep();
})();
