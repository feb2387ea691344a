// What every page has on top: the choice of light or dark, and a way to a record.

export function theme(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage is off: the system's choice holds */ }
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* as above */ }
    show();
  });
  system.addEventListener("change", show);
  show();
}

// The form is never sent (the page's policy forbids it): it leads to the record's page.
export function search(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new FormData(form).get("record").trim();
    if (asked) location.assign(`/record?record=${encodeURIComponent(asked)}`);
  });
}
