// Runs of agents and what they have said, as nodes tell each other. Rule: what cannot be read is as if it were not there.
import type { AgentEvent, AgentRunRow } from '../../state/agent-events.ts';

/** A longer line stays on the node that it was printed on. */
const MOST_LINE_BYTES = 262_144;

export interface ToldRun {
  /** The id of the node that it runs on. */
  readonly node: string;
  /** What people call that node. */
  readonly name: string;
  readonly row: AgentRunRow;
}

/** What a node says of itself. */
export interface ToldNode {
  readonly name: string;
  /** Where other nodes reach it; empty: nowhere. */
  readonly address: string;
  /** When it was there, by its own clock. */
  readonly at: number;
}

export function runText(run: ToldRun): string {
  return JSON.stringify(run);
}

export function runOfText(text: string): ToldRun | null {
  try {
    const { node, name, row } = JSON.parse(text) as Partial<ToldRun>;
    return typeof node === 'string' && typeof row?.id === 'string' ? { node, name: name ?? node, row } : null;
  } catch {
    return null;
  }
}

export function toldNodeOfText(text: string): ToldNode | null {
  try {
    const { name, address, at } = JSON.parse(text) as Partial<ToldNode>;
    return typeof name === 'string' && typeof address === 'string' ? { name, address, at: at ?? 0 } : null;
  } catch {
    return null;
  }
}

export function eventText({ type, line }: AgentEvent): string {
  if (line.length <= MOST_LINE_BYTES) return JSON.stringify([type, line.toString('base64')]);
  const stub = Buffer.from(JSON.stringify({ type: 'sluice.too_large', bytes: line.length }));
  return JSON.stringify(['sluice.too_large', stub.toString('base64')]);
}

export function eventOfText(number: number, text: string): AgentEvent {
  const [type = '', line = ''] = JSON.parse(text) as string[];
  return { number, type, line: Buffer.from(line, 'base64') };
}
