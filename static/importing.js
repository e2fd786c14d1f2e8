// Bringing a file: drop or choose, checked before it travels; and the form that corrects how it is read.
(() => {
  "use strict";
  const form = document.querySelector("[data-bring]");
  if (form) {
    const drop = form.querySelector("[data-drop]");
    const input = form.querySelector("input[type=file]");
    const name = form.querySelector("[data-file]");
    const problem = form.querySelector("[data-problem]");
    const send = form.querySelector("[data-send]");
    const size = (bytes) => bytes < 1048576 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
    const look = () => {
      const file = input.files[0];
      drop.classList.toggle("has", Boolean(file));
      if (!file) return true;
      name.textContent = `${file.name}（${size(file.size)}）`;
      const wrong = !new RegExp(`\\.(${form.dataset.kinds || "csv|xlsx"})$`, "i").test(file.name) ? form.dataset.wrongKind
        : file.size > Number(form.dataset.largest) ? form.dataset.tooLarge : "";
      problem.textContent = wrong;
      problem.hidden = !wrong;
      send.disabled = Boolean(wrong);
      return !wrong;
    };
    input.addEventListener("change", look);
    for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; look(); }
    });
    form.addEventListener("submit", (event) => {
      if (!look()) { event.preventDefault(); event.stopPropagation(); return; }
      setTimeout(() => { send.textContent = send.dataset.busy; }, 0);
    });
  }
  document.addEventListener("change", (event) => {
    const field = event.target;
    const parameter = field.dataset.goto;
    if (parameter) {
      const address = new URL(location.href);
      if (parameter === "sheet") address.searchParams.delete("header");
      address.searchParams.set(parameter, field.value);
      if (parameter === "header") address.searchParams.set("sheet", field.form.elements.sheet.value);
      location.href = address;
    }
    if (field.dataset.other) document.getElementById(field.dataset.other).hidden = Boolean(field.value);
    const map = field.closest(".map");
    if (map && field.nodeName === "SELECT") map.classList.toggle("on", Boolean(field.value));
  });
})();
