// Which labels the proxies of a hop must have, of those that are asked for. Rule: a label is asked of the hops that know it, by a proxy
// that has it or by telling it to a provider, so that a corporate proxy without labels is in nobody's way; one that no hop knows leaves
// nobody at the last.
export type Tags = Readonly<Record<string, string>>;

/** As much of a group as matters here. */
export interface TaggedHop {
  readonly name: string;
  readonly members: readonly { readonly tags: Tags }[];
}

/** Whether the proxies of a hop are told the value of a label. */
export type IsTold = (hop: string, label: string) => boolean;

export function tagsAt<H extends TaggedHop>(hop: H, way: readonly H[], tags: Tags, isTold: IsTold): Tags {
  const labels = Object.keys(tags);
  if (labels.length === 0) return tags;
  const isLast = hop === way.at(-1);
  const isKnown = (label: string): boolean => way.some((each) => bears(each, label) || isTold(each.name, label));
  const asked = labels.filter((label) => bears(hop, label) || (isLast && !isKnown(label)));
  if (asked.length === labels.length) return tags;
  return Object.fromEntries(asked.map((label) => [label, tags[label] ?? '']));
}

function bears({ members }: TaggedHop, label: string): boolean {
  return members.some(({ tags }) => Object.hasOwn(tags, label));
}
