// The canvas of the price chart: steps over time, in the page's colours. Loaded when the room stands already.
import uPlot from "uplot";

export interface Plot {
  draw(times_s: number[], prices: (number | null)[]): void;
  fit(): void; // to its place's size
  recolour(): void;
  end(): void;
}

export interface PlotWords {
  price: (amount: number) => string;
  time: (at_s: number, step_s: number) => string;
}

const AXIS_HEIGHT = 28;
const CHARACTER = 7.5;
// Prices are whole minor units, and so are the axis's.
const STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

function colour(name: string): () => string {
  return () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const stepped = uPlot.paths.stepped?.({ align: 1 });

export function make_plot(place: HTMLElement, words: PlotWords): Plot {
  const axis: uPlot.Axis = {
    stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const size = () => ({ width: Math.max(100, place.clientWidth), height: Math.max(100, place.clientHeight) });
  const plot = new uPlot({
    ...size(), padding: [10, 0, 0, 4],
    legend: { show: false }, cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_plot, low, high) => {
      const room = Math.max(1, Math.round((high - low) * 0.08));
      return [Math.max(0, low - room), high + room];
    } } },
    axes: [
      { ...axis, space: 80, size: AXIS_HEIGHT, values: (_plot, splits, _axis, _space, step_s) => splits.map((at_s) => words.time(at_s, step_s)) },
      // On the right, where a longer price moves nothing that is drawn.
      { ...axis, side: 1, incrs: STEPS, values: (_plot, splits) => splits.map(words.price),
        size: (_plot, values) => 14 + CHARACTER * Math.max(1, ...(values ?? []).map((value) => value.length)) },
    ],
    series: [
      {},
      { stroke: colour("--accent"), width: 2, fill: () => `${colour("--accent")()}1c`, ...(stepped ? { paths: stepped } : {}),
        points: { size: 5, fill: colour("--accent"), stroke: colour("--accent") } },
    ],
  }, [[], []], place);
  return {
    draw: (times_s, prices) => plot.setData([times_s, prices]),
    fit: () => plot.setSize(size()),
    recolour: () => plot.redraw(false, true),
    end: () => plot.destroy(),
  };
}
