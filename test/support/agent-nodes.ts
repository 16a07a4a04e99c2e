// Nodes that share what is in the memory of a test, as far as agents go.
import type { TestContext } from 'node:test';
import { SharedRuns } from '../../src/services/agents/shared-runs.ts';
import { MemoryShare, MemoryState } from '../../src/state/memory-state.ts';
import type { NodeEntry } from '../../src/state/shared-state.ts';

export class AgentNodes {
  /** Those that are there. */
  there: NodeEntry[] = [];
  private readonly share = new MemoryShare();
  private readonly t: TestContext;

  constructor(t: TestContext) {
    this.t = t;
  }

  open(id: string, address = ''): SharedRuns {
    this.there.push({ id, address });
    const state = new MemoryState(this.share);
    const self = (): { name: string; address: string } => ({ name: `name of ${id}`, address });
    const runs = new SharedRuns({ state, node: id, self, nodes: () => this.there });
    this.t.after(() => runs.close());
    return runs;
  }

  /** Without a word. */
  kill(id: string): void {
    this.there = this.there.filter((entry) => entry.id !== id);
  }
}
