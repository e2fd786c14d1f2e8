// One delegated listener a kind of event; pages say what they want in data-attributes.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  // Popovers: <details data-pop> closes when the reader looks elsewhere.
  const closePops = (except) => $$("details[data-pop][open]").forEach((pop) => { if (pop !== except) pop.open = false; });

  // An address that names one opens it: /orders/7#send.
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (named?.matches("details[data-pop]")) { named.open = true; $("input:not([type=hidden])", named)?.focus(); }

  // Groups of the menu remember how they were left.
  $$("details[data-remember]").forEach((group) => {
    const key = group.dataset.remember;
    try { const left = localStorage.getItem(key); if (left && !group.querySelector(".here")) group.open = left === "open"; } catch { /* private window */ }
    $("summary", group).addEventListener("click", () => { try { localStorage.setItem(key, group.open ? "closed" : "open"); } catch { /* private window */ } });
  });

  // Ask before a form that matters: the page's own dialog, with a reason where one is wanted.
  const ask = (form) => {
    const dialog = document.createElement("dialog");
    dialog.className = "ask";
    const inner = document.createElement("form");
    inner.method = "dialog";
    const text = document.createElement("p");
    text.textContent = form.dataset.confirm || form.dataset.label || "";
    inner.append(text);
    let reason = null;
    if (form.dataset.reason) {
      const label = document.createElement("label");
      label.className = "field";
      const words = document.createElement("span");
      words.textContent = form.dataset.reason;
      reason = document.createElement("textarea");
      reason.required = true; reason.rows = 2; reason.maxLength = 500;
      label.append(words, reason);
      inner.append(label);
    }
    const row = document.createElement("div");
    row.className = "row end";
    const no = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: document.documentElement.lang === "en" ? "Cancel" : "取消" });
    const yes = Object.assign(document.createElement("button"), { className: "button primary", textContent: form.dataset.label || "OK" });
    row.append(no, yes);
    inner.append(row);
    dialog.append(inner);
    document.body.append(dialog);
    no.addEventListener("click", () => dialog.close());
    inner.addEventListener("submit", () => {
      if (reason) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name: "reason", value: reason.value });
        form.append(field);
      }
      form.dataset.asked = "yes";
      form.requestSubmit();
    });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    (reason || yes).focus();
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    closePops(target.closest("details[data-pop]"));
    if (target.closest("[data-drawer]")) document.body.classList.toggle("drawer");
    const open = target.closest("[data-open]");
    if (open?.dataset.open === "keys") tell(); else if (open) $("#" + open.dataset.open)?.showModal();
    const shut = target.closest("[data-close]");
    if (shut) shut.closest("dialog")?.close();
    if (target.closest("[data-dismiss]")) target.closest(".note")?.remove();
    if (target.closest("[data-back]")) history.back();
    const toggle = target.closest("[data-toggle]");
    if (toggle) $("#" + toggle.dataset.toggle)?.classList.toggle("open");
    const copy = target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy);
    const row = target.closest("tr[data-href]");
    if (row && !target.closest("a, button, input, label, summary, form") && !String(getSelection())) {
      if (event.metaKey || event.ctrlKey) window.open(row.dataset.href); else location.href = row.dataset.href;
    }
    if (target.nodeName === "DIALOG") target.close();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if ((form.dataset.confirm || form.dataset.reason) && form.dataset.asked !== "yes") {
      event.preventDefault();
      ask(form);
      return;
    }
    const joined = form.dataset.join;
    if (joined) {
      $(`input[type=hidden][name=${joined}]`, form).value = $$("input[type=checkbox]:checked", form).map((box) => box.value).join(",");
    }
    if (form.method === "get") {
      // An address without empty parameters reads better and is shared more easily.
      $$("input[name], select[name]", form).forEach((field) => { if (!field.value) field.disabled = true; });
    } else {
      const button = event.submitter;
      if (button && !form.hasAttribute("data-again")) setTimeout(() => { button.disabled = true; }, 0);
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    const all = event.target.closest("[data-tick-all]");
    if (all) $$("input[data-tick]").forEach((box) => { box.checked = all.checked; });
    if (event.target.matches("[data-tick], [data-tick-all], [data-tick-filter]")) count();
  });

  // Ticked rows: how many there are, and what can be done with them. A page that comes back keeps its ticks.
  const count = () => {
    const ticked = $$("input[data-tick]:checked").length;
    const whole = $("input[data-tick-filter]")?.checked;
    $$("[data-ticked]").forEach((place) => { place.textContent = ticked; });
    $$("[data-needs-ticks]").forEach((button) => { button.disabled = !ticked && !whole; });
    $$("tr:has(input[data-tick])").forEach((row) => row.classList.toggle("ticked", whole || row.querySelector("input[data-tick]").checked));
  };
  addEventListener("pageshow", count);

  // The help lists what the keys of this very page do, as its buttons say it.
  const tell = () => {
    const place = $("[data-page-keys]");
    place?.replaceChildren(...$$("[data-key]").flatMap((one) => {
      const key = document.createElement("dt"), what = document.createElement("dd");
      key.append(Object.assign(document.createElement("kbd"), { textContent: one.dataset.key }));
      what.textContent = one.getAttribute("aria-label") || one.textContent.trim();
      return [key, what];
    }));
    $("#keys")?.showModal();
  };

  // Keys
  let row = -1;
  const rows = () => $$("table[data-rows] tbody tr");
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    all[row]?.classList.remove("at");
    row = Math.min(Math.max(row + step, 0), all.length - 1);
    all[row].classList.add("at");
    all[row].focus({ preventScroll: true });
    all[row].scrollIntoView({ block: "nearest" });
  };
  // A row leads to its own page, or to the first thing that it names.
  const leads = (one) => one?.dataset.href || one?.querySelector("a[href]")?.getAttribute("href") || "";
  const follow = (selector) => { const link = $(selector); if (link) link.click(); return Boolean(link); };
  const keys = {
    "/": () => { const field = $("[data-search]") || $("[data-slash]"); field?.focus(); field?.select(); },
    "j": () => go(1),
    "k": () => go(-1),
    "n": () => follow("a[rel=next]"),
    "p": () => follow("a[rel=prev]"),
    "x": () => { const box = rows()[row]?.querySelector("input[data-tick]"); if (box) { box.checked = !box.checked; count(); } return Boolean(box); },
    "?": () => tell(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { closePops(null); document.body.classList.remove("drawer"); if (typing(event.target)) event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (event.key === "Enter") {
      const there = event.target.matches("table[data-rows] tbody tr") && leads(event.target);
      if (there) location.href = there;
      return;
    }
    // What goes on, goes back or ticks only where there is something to leaves its key to the page.
    const does = keys[event.key], own = $(`[data-key="${CSS.escape(event.key)}"]`);
    if (!does && !own) {
      // On a list the keys of a decision open the row's own page with that decision at hand; nothing is decided unseen.
      const there = leads(rows()[row]);
      if (there && ["a", "r", "e"].includes(event.key)) location.href = `${there.split("#")[0]}#key-${event.key}`;
      return;
    }
    event.preventDefault();
    if (does?.() === false || (!does && own)) {
      own?.click();
      own?.closest("details[open]")?.querySelector("select, textarea, input:not([type=hidden]):not([data-late])")?.focus();
    }
  });

  // Come from a list by a decision's key: what opens by it is open, what would act at once is only at hand.
  const asked = /^#key-([are])$/.exec(location.hash);
  const wanted = asked && $(`[data-key="${asked[1]}"]`);
  if (wanted?.matches("summary")) {
    wanted.parentElement.open = true;
    $("select, textarea, input:not([type=hidden]):not([data-late])", wanted.parentElement)?.focus();
  } else wanted?.focus();

  // A part of the page that refreshes itself while work goes on: data-poll is its address, data-every its seconds.
  $$("[data-poll]").forEach((part) => {
    let pause = Number(part.dataset.every || 2) * 1000;
    const refresh = async () => {
      if (!document.hidden) {
        try {
          const answer = await fetch(part.dataset.poll, { headers: { "X-Requested-With": "fetch", "X-Poll": "1" }, credentials: "same-origin" });
          if (answer.ok) {
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
            part.replaceChildren(...fresh.childNodes);
            if ($("[data-reload]", part)) { location.reload(); return; }
            if ($("[data-stop]", part)) return;
          } else if (answer.status === 401 || answer.status === 403 || answer.status === 404) return;
        } catch { pause = Math.min(pause * 2, 30000); }
      }
      setTimeout(refresh, pause);
    };
    setTimeout(refresh, pause);
  });
})();
