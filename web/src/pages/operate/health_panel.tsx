// How the house is, above the operator's table: looked at now and then, and only while somebody looks at the page.
import { useEffect, useState } from "preact/hooks";
import { client } from "../../house";
import { why } from "./dialogs";
import { type Figure, type HealthTold, parts_of } from "./health";
import { say } from "./texts";

const LOOK_EVERY_MS = 10_000;

function figure_words(figure: Figure): string {
  const words = say().health_figures;
  switch (figure.of) {
    case "reason": return figure.text;
    case "group": return words.group(figure.name, figure.count);
    case "behind": return words.behind(Math.round(figure.seconds), figure.count);
    case "commit_ms": return words.commit_ms(figure.ms < 10 ? figure.ms.toFixed(1) : figure.ms.toFixed(0));
    case "ready": case "no_archive": case "halted": case "away": case "no_groups": return words[figure.of];
    default: return words[figure.of](figure.count);
  }
}

export function HealthPanel() {
  const [looks, set_looks] = useState<{ told: HealthTold; before: HealthTold | null } | null>(null);
  const [answer, set_answer] = useState("");
  const words = say();
  useEffect(() => {
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      if (document.visibilityState === "visible") {
        try {
          const told = await client.http.get<HealthTold>("/v1/health");
          set_looks((last) => ({ told, before: last?.told ?? null }));
          set_answer("");
        } catch (error) {
          set_answer(why(error));
        }
      }
      if (!ended) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, []);
  return (
    <section id="health" class="health" aria-label={words.health}>
      <dl>
        {looks !== null && parts_of(looks.told, looks.before).map(({ part, grade, figures }) => (
          <div key={part} class={`panel ${grade}`} data-part={part}>
            <dt>{words.health_parts[part]} <span class="grade">{words.health_grades[grade]}</span></dt>
            <dd class="number">{figures.map(figure_words).join(words.health_between)}</dd>
          </div>
        ))}
      </dl>
      {looks !== null && looks.told.degraded.length > 0 && (
        <ul class="degraded">{looks.told.degraded.map((wrong) => <li key={wrong}>{wrong}</li>)}</ul>
      )}
      {answer !== "" && <p class="answer bad" role="status">{answer}</p>}
    </section>
  );
}
