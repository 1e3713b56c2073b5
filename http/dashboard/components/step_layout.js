// Where the steps of a graph stand: in layers from top to bottom, below all that they depend on. Pure.

const SWEEPS = 6;
const NUDGES = 4;

/**
 * `steps`: `[{name, dependsOn}]`. Gives `{nodes, edges, layers, width, height}` with `nodes` a map from the names to
 * `{x, y, layer}` and `edges` `[{from, to, points}]`:
 * x and y are of the left upper corner, `points` lead from the lower edge of one to the upper edge of the other.
 */
export function layOut(steps, { width, height, across, down }) {
  const known = new Set(steps.map(({ name }) => name));
  const sources = new Map(
    steps.map(({ name, dependsOn }) => [name, dependsOn.filter((each) => known.has(each) && each !== name)]),
  );
  const depth = depths(sources);
  const { cells, chains } = withBends(sources, depth, width);
  const layers = inOrder(cells);
  place(layers, across);
  const nodes = new Map();
  let widest = 0;
  for (const cell of cells.values()) {
    cell.y = cell.layer * (height + down);
    widest = Math.max(widest, cell.x + cell.width);
    if (!cell.isBend) nodes.set(cell.key, { x: cell.x, y: cell.y, layer: cell.layer });
  }
  const edges = chains.map(({ from, to, path }) => ({
    from,
    to,
    points: points(
      path.map((key) => cells.get(key)),
      height,
    ),
  }));
  return {
    nodes,
    edges,
    layers: layers.map((row) => row.filter((each) => !each.isBend).map(({ key }) => key)),
    width: widest,
    height: layers.length * (height + down) - down,
  };
}

function depths(sources) {
  const depth = new Map();
  const isOpen = new Set();
  const visit = (name) => {
    if (depth.has(name)) return depth.get(name);
    if (isOpen.has(name)) return 0;
    isOpen.add(name);
    const found = Math.max(-1, ...sources.get(name).map(visit)) + 1;
    depth.set(name, found);
    return found;
  };
  for (const name of sources.keys()) visit(name);
  return depth;
}

/** An edge over several layers gets a narrow cell in each of those between, so that it goes round what stands there. */
function withBends(sources, depth, width) {
  const cells = new Map();
  const links = [];
  const chains = [];
  for (const name of sources.keys())
    cells.set(name, { key: name, layer: depth.get(name), width, isBend: false, above: [], below: [] });
  for (const [to, froms] of sources) {
    for (const from of froms) {
      const path = [from];
      for (let layer = depth.get(from) + 1; layer < depth.get(to); layer += 1) {
        const key = `\u0000${from}\u0000${to}\u0000${layer}`;
        cells.set(key, { key, layer, width: 10, isBend: true, above: [], below: [] });
        path.push(key);
      }
      path.push(to);
      for (let place = 1; place < path.length; place += 1) links.push([path[place - 1], path[place]]);
      chains.push({ from, to, path });
    }
  }
  for (const [upper, lower] of links) {
    cells.get(upper).below.push(cells.get(lower));
    cells.get(lower).above.push(cells.get(upper));
  }
  return { cells, chains };
}

/** The cells by layer, each in the order of the middles of its neighbours: few lines cross. */
function inOrder(cells) {
  const layers = [];
  for (const cell of cells.values()) (layers[cell.layer] ??= []).push(cell);
  for (const row of layers) number(row);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? layers : [...layers].reverse()) {
      for (const cell of row) {
        const around = isDown ? cell.above : cell.below;
        cell.wish = around.length ? mean(around.map(({ order }) => order)) : cell.order;
      }
      row.sort((one, other) => one.wish - other.wish || one.order - other.order);
      number(row);
    }
  }
  return layers;
}

function number(row) {
  row.forEach((cell, order) => (cell.order = order));
}

/** From left to right without touching; then each as near to the middle of its neighbours as those beside it let it. */
function place(layers, across) {
  for (const row of layers) {
    let x = 0;
    for (const cell of row) {
      cell.x = x;
      x += cell.width + across;
    }
  }
  const widest = Math.max(0, ...layers.map((row) => end(row.at(-1))));
  for (const row of layers) shift(row, (widest - end(row.at(-1))) / 2);
  for (let nudge = 0; nudge < NUDGES; nudge += 1) {
    const isDown = nudge % 2 === 0;
    for (const row of isDown ? layers : [...layers].reverse()) settle(row, isDown, across);
  }
  const first = Math.min(...layers.flat().map(({ x }) => x));
  for (const row of layers) shift(row, -first);
}

function settle(row, isDown, across) {
  for (const cell of row) {
    const around = isDown ? cell.above : cell.below;
    cell.wish = around.length ? mean(around.map(middle)) - cell.width / 2 : cell.x;
  }
  const fromLeft = [];
  let least = -Infinity;
  for (const cell of row) {
    fromLeft.push(Math.max(cell.wish, least));
    least = fromLeft.at(-1) + cell.width + across;
  }
  let most = Infinity;
  for (let place = row.length - 1; place >= 0; place -= 1) {
    const cell = row[place];
    const fromRight = Math.min(cell.wish, most - cell.width);
    cell.aside = fromRight;
    most = fromRight - across;
  }
  // The mean of both ways keeps the distances, since each of them does.
  row.forEach((cell, place) => (cell.x = (fromLeft[place] + cell.aside) / 2));
}

function points(path, height) {
  const found = [];
  path.forEach((cell, place) => {
    const x = middle(cell);
    if (place > 0) found.push([x, cell.y]);
    if (place < path.length - 1) found.push([x, cell.y + height]);
  });
  return found;
}

const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
const middle = (cell) => cell.x + cell.width / 2;
const end = (cell) => (cell ? cell.x + cell.width : 0);

function shift(row, by) {
  for (const cell of row) cell.x += by;
}
