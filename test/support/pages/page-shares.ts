// Which test file runs which page. Rule: every page is in one share; one that is not named is in that of what passes through, so that a new
// page is run as it comes.
import { listFiles } from '../source-tree.ts';

export const PAGES: readonly string[] = ['README.md', ...listFiles('docs/*.md')];

export type Share = 'observing' | 'operation' | 'readme' | 'services' | 'traffic' | 'tunnels';

const SHARES: Readonly<Record<Exclude<Share, 'traffic'>, readonly string[]>> = {
  observing: ['docs/guide-observability.md', 'docs/http-api.md'],
  operation: ['docs/guide-configuration.md', 'docs/guide-deployment.md', 'docs/guide-operating.md'],
  readme: ['README.md'],
  services: ['docs/ai.md', 'docs/guide-agents.md', 'docs/guide-exec.md', 'docs/guide-migrating.md'],
  tunnels: ['docs/guide-tunnels.md'],
};

export function pagesOf(share: Share): readonly string[] {
  const named: readonly string[] = Object.values(SHARES).flat();
  return share === 'traffic' ? PAGES.filter((page) => !named.includes(page)) : SHARES[share];
}
