// What the pages do beyond htmx. Everything hangs on the document, because a history restore replaces the whole body.
import "./search.js";
import "./keys.js";

// Copy buttons: hidden without JavaScript, because then they can do nothing.
const reveal = (root) => root.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const said = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = said; }, 1600);
});

// A picture that is gone leaves its patterned frame, at its size, instead of the browser's broken sign.
const mourn = (img) => img.closest(".picture")?.classList.add("gone");
document.addEventListener("error", (event) => { if (event.target.matches?.(".picture img")) mourn(event.target); }, true);

const settle = (root) => {
  reveal(root);
  root.querySelectorAll(".picture img").forEach((img) => { if (img.complete && !img.naturalWidth && img.currentSrc) mourn(img); });
};
settle(document);
document.addEventListener("htmx:after:swap", () => settle(document));
