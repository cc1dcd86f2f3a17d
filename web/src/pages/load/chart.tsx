// A picture of numbers over time, drawn by uPlot in the colours of the page; what it shows is said in words beside it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Line {
  label: string;
  colour: string; // a variable of base.css, such as --accent
  values: (number | null)[];
}

const HEIGHT = 200;

const colour_of = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(lines: Line[], until_s: number, width: number): uPlot.Options {
  const axis = { stroke: colour_of("--quiet"), grid: { stroke: colour_of("--line"), width: 1 }, ticks: { show: false } };
  return {
    width, height: HEIGHT,
    legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false, range: [0, until_s] }, y: { range: (_plot, _least, most) => [0, (most || 1) * 1.1] } },
    axes: [{ ...axis, values: (_plot, splits) => splits.map((s) => `${s} s`) }, { ...axis, size: 60 }],
    series: [{}, ...lines.map(({ label, colour }) => ({
      label, stroke: colour_of(colour), width: 2, points: { show: false }, fill: `${colour_of(colour)}22`,
    }))],
  };
}

export function Chart({ id, title, seconds, lines, until_s }: {
  id: string;
  title: string;
  seconds: number[];
  lines: Line[];
  until_s: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef<uPlot.AlignedData>([]);
  newest.current = [seconds, ...lines.map(({ values }) => values)];
  const labels = lines.map(({ label }) => label).join();

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(lines, until_s, element.clientWidth), newest.current, element);
    };
    draw();
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [until_s, labels]);

  useEffect(() => plot.current?.setData(newest.current));

  return (
    <figure class="panel load-chart" id={id} data-points={seconds.length}>
      <figcaption>
        <h2>{title}</h2>
        <ul>{lines.map(({ label, colour }) => (
          <li key={colour}><span class="load-key" style={{ background: `var(${colour})` }} aria-hidden="true" />{label}</li>
        ))}</ul>
      </figcaption>
      <div class="load-plot" ref={place} aria-hidden="true" />
    </figure>
  );
}
