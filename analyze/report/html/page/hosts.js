// The map of hosts: who opened (left) to whom (right).

// odd is what is wrong with a host: it connected and should not have, or was connected to.
const odd = (edges, end) => [...new Set(edges.map(e => e[4]).filter(word => word && (word === "third party") === (end === 0)))];

function renderHosts() {
  const box = byId("host-map");
  if (!box) return;
  const width = printing ? paperWidth : Math.max(box.clientWidth || 640, 280);
  if (meta.hosts.length < 2) return box.remove(); // the table says it all
  const edges = meta.hosts, rowHeight = 44, top = 30;
  const sources = [...new Set(edges.map(e => e[0]))], targets = [...new Set(edges.map(e => e[1]))];
  const characters = Math.floor(Math.min(width * 0.36, 300) / 7.4);
  const side = Math.min(Math.max(...sources.concat(targets).map(h => Math.min(h.length, characters)), edges.some(e => e[4]) ? 26 : 12) * 7.4 + 12, width * 0.4);
  const height = top + Math.max(sources.length, targets.length) * rowHeight;
  const y = (list, host) => top + (list.indexOf(host) + 0.5) * (height - top) / list.length;
  const short = host => host.length <= characters ? host : host.slice(0, Math.ceil(characters / 2) - 1) + "…" + host.slice(1 - Math.floor(characters / 2));
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `Map of ${plural(sources.length, "host")} that opened data connections to ${plural(targets.length, "host")}; the table below has the same`});
  svg.append(draw("text", {x: 0, y: 14}, "opened by"), draw("text", {x: width, y: 14, "text-anchor": "end"}, "to"));
  for (const [src, dst, opened, failures, third] of [...edges].reverse()) {
    const y1 = y(sources, src), y2 = y(targets, dst), x1 = side, x2 = width - side - 8, middle = (x1 + x2) / 2;
    const level = third || failures > opened ? " bad" : failures ? " some" : "";
    const line = 1.5 + Math.min(Math.log2(opened + failures), 8) / 2;
    svg.append(draw("path", {class: "edge" + level + (opened ? "" : " never"), d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`, "stroke-width": line},
      draw("title", null, `${src} → ${dst}: ${number(opened)} opened, ${number(failures)} failed${third ? ", " + third : ""}`)));
    svg.append(draw("path", {class: "head" + level, d: `M${x2 - 1},${y2 - 4 - line / 2} L${x2 + 7},${y2} L${x2 - 1},${y2 + 4 + line / 2} Z`}));
  }
  for (const [list, end, x, anchor] of [[sources, 0, 0, "start"], [targets, 1, width, "end"]]) {
    for (const host of list) {
      const mine = edges.filter(e => e[end] === host);
      const opened = mine.reduce((n, e) => n + e[2], 0), failures = mine.reduce((n, e) => n + e[3], 0);
      const words = [opened ? number(opened) + " opened" : "", failures ? number(failures) + " failed" : "", ...odd(mine, end)];
      svg.append(draw("text", {class: "node", x, y: y(list, host), "text-anchor": anchor}, short(host), draw("title", null, host)),
        draw("text", {class: failures > opened || odd(mine, end).length ? "bad-label halo" : "halo", x, y: y(list, host) + 15, "text-anchor": anchor}, words.filter(Boolean).join(", ")));
    }
  }
  box.replaceChildren(svg);
}

