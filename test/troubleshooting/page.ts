import { writeFileSync } from "node:fs";
import { messagesOfSource } from "./messages.ts";
import { PLACES, type Topic } from "./topics.ts";

const INTRODUCTION = `# Troubleshooting

Every message says what was tried, what was found, and what to do next. This page has them all by where they are seen, as they stand in the source; \`…\` is what differs. Look one up by
words from its middle.

First of all, in this order:

1. \`tortie health\` on the node: is the agent ready, and if not, why?
2. \`tortie preflight\`: is the node what policies need?
3. \`tortie explain --from A --to B --port P\`: what do the policies say of this one flow?
4. the agent's log, and \`kubectl describe pod\` for a pod that does not start.

| symptom | look for |
| --- | --- |
| pods stay in ContainerCreating | [events](#in-a-pods-events-failedcreatepodsandbox); before the agent is ready this is as it must be |
| a pod reaches nobody | \`tortie explain\`; is it isolated, or another plugin's and unknown? |
| a pod reaches whom it must not | is it on its host's network; is the connection older than the policy; is kube-proxy in IPVS mode; is its bridge hooked? |
| all nodes not ready after a change of the API server | [where the agent reads from](#where-the-agent-reads-from); rules stay |
| the agent starts again and again | [its end](#in-the-agents-log-and-at-its-end): another agent, a setting, a right |
`;

const FOOT =
  "This page is made by `bun test/troubleshooting/page.ts` from the messages in the source and the advice in `test/troubleshooting/topics.ts`.\n";

const ROW_WIDTH = 2_000;

/** A message as a line of a list; backticks of its own become quotation marks. */
function row(message: string): string {
  return `- \`${message.replaceAll("`", "'").slice(0, ROW_WIDTH)}\``;
}

function topicText({ title, advice }: Topic, messages: readonly string[]): string {
  return `### ${title}\n\n${advice}\n\n${messages.map(row).join("\n")}\n`;
}

/** The text of docs/troubleshooting.md. Throws where a file of the source has messages and no topic, or two, or a topic none. */
export function troubleshootingPage(): string {
  const source = messagesOfSource();
  const topics = PLACES.flatMap((place) => place.topics);
  const topicOf = (file: string): Topic => {
    const found = topics.filter(({ from }) => from.some((begin) => file.startsWith(begin)));
    const [topic] = found;
    if (topic !== undefined && found.length === 1) return topic;
    throw new Error(
      `${file} has messages and ${found.length} topics in test/troubleshooting/topics.ts; it must have one`,
    );
  };
  const byTopic = Map.groupBy(source, ([file]) => topicOf(file));
  const parts = PLACES.map(({ title, introduction, topics: own }) => {
    const texts = own.map((topic) => {
      const messages = (byTopic.get(topic) ?? []).flatMap(([, found]) => found);
      if (messages.length === 0) throw new Error(`the topic "${topic.title}" has no message`);
      return topicText(topic, [...new Set(messages)]);
    });
    return `## ${title}\n\n${introduction}\n\n${texts.join("\n")}`;
  });
  return [INTRODUCTION, ...parts, FOOT].join("\n");
}

if (import.meta.main)
  writeFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), troubleshootingPage());
