// The pages there are, in the order of the side bar. Rule: each is a module in pages/ that exports `Page`, loaded when it is first gone to.
import type { ComponentType } from 'preact';

interface PageModule {
  readonly Page: ComponentType;
}

export interface PageEntry {
  /** In the address, and the name of the module. */
  readonly id: string;
  readonly title: string;
  readonly group: 'Watch' | 'Run' | 'Set up';
  /** `g`, then this. */
  readonly key: string;
  /** Lines of an icon on a field of 16 by 16. */
  readonly icon: string;
}

const modules = import.meta.glob<PageModule>('./pages/*.tsx');

const ALL: readonly PageEntry[] = [
  { id: 'overview', title: 'Overview', group: 'Watch', key: 'o', icon: 'M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z' },
  { id: 'traffic', title: 'Traffic', group: 'Watch', key: 't', icon: 'M2 5h10l-3-3M14 11H4l3 3' },
  { id: 'logs', title: 'Logs', group: 'Watch', key: 'l', icon: 'M3 3h10M3 6.5h7M3 10h10M3 13.5h5' },
  {
    id: 'proxies',
    title: 'Proxies',
    group: 'Run',
    key: 'p',
    icon: 'M2 8h4M10 8h4M8 8m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  },
  { id: 'gateway', title: 'Gateway', group: 'Run', key: 'g', icon: 'M2 8h4l3-5h5M6 8h8M6 8l3 5h5' },
  {
    id: 'tunnels',
    title: 'Tunnels',
    group: 'Run',
    key: 'u',
    icon: 'M2 13V9a6 6 0 0 1 12 0v4M5.5 13V9.5a2.5 2.5 0 0 1 5 0V13',
  },
  { id: 'agents', title: 'Agents', group: 'Run', key: 'a', icon: 'M2 3h12v10H2zM5 6.5L7 8l-2 1.5M8.5 10H11' },
  {
    id: 'ai',
    title: 'AI',
    group: 'Run',
    key: 'i',
    icon: 'M8 2v4M8 10v4M2 8h4M10 8h4M4 4l2 2M10 10l2 2M12 4l-2 2M6 10l-2 2',
  },
  { id: 'connect', title: 'Connect', group: 'Set up', key: 'n', icon: 'M6 2v4M10 2v4M4 6h8v2a4 4 0 0 1-8 0zM8 12v3' },
  {
    id: 'config',
    title: 'Config',
    group: 'Set up',
    key: 'c',
    icon: 'M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.500 3v3M5.500 10v3',
  },
];

function moduleOf(id: string): (() => Promise<PageModule>) | undefined {
  return modules[`./pages/${id}.tsx`];
}

export const PAGES: readonly PageEntry[] = ALL.filter(({ id }) => moduleOf(id) !== undefined);

export async function loadPage(id: string): Promise<ComponentType> {
  const load = moduleOf(id);
  if (load === undefined) throw new Error(`There is no page ${id}.`);
  return (await load()).Page;
}
