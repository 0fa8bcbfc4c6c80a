// The map of topics: drag and zoom by changing one transform, and a cursor that the arrow keys move from point to
// point. The points are links in the page already; this only makes them easier to reach.
const map = document.getElementById("map");
const svg = map.querySelector("svg");
const layer = document.getElementById("map-view");
const tip = document.getElementById("map-tip");
const links = [...map.querySelectorAll(".dots a")];
const spots = links.map((link) => [link.firstElementChild.cx.baseVal.value, link.firstElementChild.cy.baseVal.value]);
const at = { x: 0, y: 0, k: 1 };
let lit = -1;
let titles;

const draw = () => {
  layer.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.k})`);
  map.classList.toggle("near", at.k > 1.8);
  map.style.setProperty("--k", at.k); // sizes of points and names stay the same on the screen
};
const place = (x, y, k) => {
  const most = 12;
  at.k = Math.min(most, Math.max(1, k));
  at.x = Math.min(0, Math.max(1500 * (1 - at.k), x));
  at.y = Math.min(0, Math.max(1000 * (1 - at.k), y));
  draw();
};
const zoom = (factor, x = 750, y = 500) => {
  const k = Math.min(12, Math.max(1, at.k * factor));
  place(x - ((x - at.x) / at.k) * k, y - ((y - at.y) / at.k) * k, k);
};
const unit = (event) => {
  const frame = svg.getBoundingClientRect();
  return [((event.clientX - frame.left) / frame.width) * 1500, ((event.clientY - frame.top) / frame.height) * 1000];
};

const title = async (link) => {
  titles ??= fetch(map.dataset.titles).then((answer) => (answer.ok ? answer.json() : {}), () => ({}));
  return (await titles)[link.getAttribute("href").split("/").pop()];
};
const light = async (index) => {
  links[lit]?.classList.remove("lit");
  lit = index;
  const link = links[index];
  if (!link) { tip.hidden = true; return; }
  link.classList.add("lit");
  const text = await title(link);
  if (lit !== index) return;
  tip.textContent = text ?? "";
  tip.hidden = !text;
};

// The nearest point in the direction of the arrow, points off the axis counting as further away.
const towards = (dx, dy) => {
  if (lit < 0) return spots.reduce((best, [x, y], n) => {
    const far = Math.hypot(x * at.k + at.x - 750, y * at.k + at.y - 500);
    return far < best[0] ? [far, n] : best;
  }, [Infinity, 0])[1];
  const [x0, y0] = spots[lit];
  let best = [Infinity, lit];
  spots.forEach(([x, y], n) => {
    const along = (x - x0) * dx + (y - y0) * dy;
    const across = Math.abs((x - x0) * dy + (y - y0) * dx);
    if (along > 0.5 && along + 2.5 * across < best[0]) best = [along + 2.5 * across, n];
  });
  return best[1];
};
const follow = () => {
  const [x, y] = spots[lit];
  const [sx, sy] = [x * at.k + at.x, y * at.k + at.y];
  if (sx < 60 || sx > 1440 || sy < 60 || sy > 940) place(750 - x * at.k, 500 - y * at.k, at.k);
};

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
map.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== map) return;
  if (arrows[event.key]) { light(towards(...arrows[event.key])); follow(); }
  else if (event.key === "+" || event.key === "=") lit >= 0 ? zoom(1.5, spots[lit][0] * at.k + at.x, spots[lit][1] * at.k + at.y) : zoom(1.5);
  else if (event.key === "-") zoom(1 / 1.5);
  else if (event.key === "0") place(0, 0, 1);
  else if (event.key === "Enter" && lit >= 0) location.href = links[lit].getAttribute("href");
  else if (event.key === "Escape") light(-1);
  else return;
  event.preventDefault();
});

svg.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // a page that scrolls must not get stuck on the map
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 240), ...unit(event));
}, { passive: false });

const fingers = new Map();
let moved = 0;
svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, unit(event)); moved = 0; });
svg.addEventListener("pointermove", (event) => {
  if (!fingers.has(event.pointerId)) {
    const link = event.target.closest("a");
    if (link && links[lit] !== link) light(links.indexOf(link));
    return;
  }
  const before = fingers.get(event.pointerId);
  const now = unit(event);
  if (fingers.size === 1) {
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved > 8) {
      svg.setPointerCapture(event.pointerId);
      svg.classList.add("dragging");
      place(at.x + now[0] - before[0], at.y + now[1] - before[1], at.k);
    }
  } else if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const ratio = Math.hypot(now[0] - other[0], now[1] - other[1]) / (Math.hypot(before[0] - other[0], before[1] - other[1]) || 1);
    moved = 9;
    zoom(ratio, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }
  fingers.set(event.pointerId, now);
});
const lift = (event) => { fingers.delete(event.pointerId); svg.classList.remove("dragging"); };
svg.addEventListener("pointerup", lift);
svg.addEventListener("pointercancel", lift);
svg.addEventListener("pointerleave", (event) => { if (!fingers.has(event.pointerId)) light(-1); });
svg.addEventListener("dragstart", (event) => event.preventDefault());
svg.addEventListener("click", (event) => { if (moved > 8) event.preventDefault(); }, true);

map.querySelector(".zoom").hidden = false;
map.addEventListener("click", (event) => {
  const what = event.target.dataset?.zoom;
  if (what === "in") zoom(1.6); else if (what === "out") zoom(1 / 1.6); else if (what === "all") place(0, 0, 1);
});
