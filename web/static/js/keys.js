// The keyboard: `/` to the box, arrows between matches, Escape back, `?` for the list of keys.
const box = () => document.getElementById("q");
const stops = () => [...document.querySelectorAll("main .open, main .weaker summary, main .more a")]
  .filter((stop) => stop.checkVisibility());
const writing = (element) => element.matches?.("input, textarea, select, [contenteditable]");

const move = (by) => {
  const all = stops();
  const at = all.indexOf(document.activeElement);
  if (document.activeElement === box() && by < 0) return false;
  if (at === 0 && by < 0) { box().focus(); return true; }
  const next = all[at < 0 ? (document.activeElement === box() ? 0 : -1) : at + by];
  if (!next) return false;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  const keys = document.getElementById("keys");
  if (keys?.open || event.target.closest?.(".map")) return;
  const inBox = event.target === box();
  if (event.key === "/" && !writing(event.target)) {
    box().focus();
    box().select();
  } else if (event.key === "?" && !writing(event.target)) {
    keys.showModal();
  } else if (event.key === "Escape" && !inBox && !writing(event.target)) {
    box().focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (inBox || event.target.matches(".open, .weaker summary, .more a"))) {
    if (!move(event.key === "ArrowDown" ? 1 : -1)) return;
  } else {
    return;
  }
  event.preventDefault();
});
