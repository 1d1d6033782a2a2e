// What the wire said only ever becomes text: elements are made by make(), never out of strings.
const byId = id => document.getElementById(id);
const read = id => JSON.parse(byId(id).textContent);
const svgNS = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(c => c !== null && c !== undefined && c !== ""));
  return node;
}
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS(svgNS, tag), attributes, children);
const isolated = text => make("bdi", null, text);

const meta = read("meta");
const severities = meta.severities;
const rowFields = ["id", "start", "length", "client", "server", "user", "mode", "modes", "initiator", "initiators", "sums", "transfers", "failed", "bytes",
  "outcomes", "gravity", "worst", "count", "findings", "hosts", "names", "spans", "rank", "login", "tls", "accepted", "rejected", "data", "shown", "files",
  "packets", "more", "series", "cause", "place", "level", "at", "told", "named"];
const rows = read("rows").map(values => {
  const row = {};
  rowFields.forEach((name, i) => { row[name] = values[i]; });
  row.end = row.start + row.length;
  return row;
});
rows.forEach((row, i) => { row.index = i; });
const byNumber = new Map(rows.map(row => [row.id, row]));
byId("rows").remove();

// Words.

const number = n => n.toLocaleString("en-US");
const plural = (n, thing) => number(n) + " " + thing + (n === 1 ? "" : "s");
const party = initiator => initiator === "third-party" ? "third party" : initiator;
const single = rows.length < 2; // then there is nothing to search, sort or lay out in time

// span is a duration, rounded down as everywhere in the report.
function span(us) {
  const cut = (n, digits) => (Math.floor(n * 10 ** digits) / 10 ** digits).toFixed(digits);
  if (us < 1e3) return "under 1 ms";
  if (us < 1e6) return Math.round(us / 1e3) + " ms";
  if (us < 6e7) return cut(us / 1e6, 1) + " s";
  if (us < 3.6e9) return cut(us / 6e7, us < 6e8 ? 1 : 0) + " min";
  return us < 8.64e10 ? cut(us / 3.6e9, 1) + " h" : cut(us / 8.64e10, 1) + " d";
}
const outcomes = {"no-connection": "no data connection", incomplete: "no final reply seen", unknown: "not known", rejected: "negotiation rejected"};
const capital = title => title.slice(0, 1).toUpperCase() + title.slice(1);
const titleOf = id => Object.hasOwn(meta.titles, id) ? meta.titles[id][0] : id;
const fileName = n => (meta.files[n - 1] || "").split("/").pop();

// What names packets of several files, as 2:#14 does, says on demand which file that is.
function numbered(text) {
  if (!meta.several) return [text];
  return text.split(/(\b\d+:#\d+)/).map((part, i) => {
    const [file, packet] = part.split(":#");
    return i % 2 && fileName(file) ? make("span", {class: "pkt", title: "packet " + packet + " of " + fileName(file)}, part) : part;
  });
}
const told = text => make("bdi", null, ...numbered(text));
