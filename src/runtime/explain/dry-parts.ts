// What policies are given in a dry run. Rule: the tokens of users are nobody's business here, and nothing is counted that counts
// elsewhere.
import { Buffer } from 'node:buffer';
import type { Config } from '../../config/config.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { PolicyParts } from '../assemble/assemble-policies.ts';
import { ConfiguredScans } from '../assemble/assemble-scan.ts';
import { dryCacheMaker } from '../assemble/assemble-cache.ts';
import { dryMirrorOf } from '../assemble/assemble-mirror.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import type { Scene } from './scene.ts';

type DryScene = Pick<Scene, 'config' | 'lists' | 'budgets'> & { readonly knownNames?: PolicyParts['knownNames'] };

/** `user` is taken for proved, with credentials that hold within a dry run. */
export function dryParts({ config, lists, budgets, knownNames = null }: DryScene, user: string | null): PolicyParts {
  const users = user === null ? configuredUsers(config.users) : dryUsers(config);
  const recorder = new MetricsRecorder();
  const scans = new ConfiguredScans({ recorder, log: () => {}, threads: 1 }, config.timeouts.connect);
  const ofScan: PolicyParts['ofScan'] = (settings) => scans.policy(settings);
  const limiter = new TableLimiter(new LimitTable({ capacity: 8 }));
  const running = new RunningTable({ capacity: 8 });
  const shared = { lists, budgets: budgets ?? new BudgetTable({ capacity: config.users.length + 1 }) };
  const made = { ofModule, ofScan, ofMirror: dryMirrorOf, ofCache: dryCacheMaker(config) };
  return { users, limiter, running, ...shared, knownNames, recorder, tellUsage: () => {}, ...made };
}

/** Whatever a module does, it would do it now. */
const ofModule: PolicyParts['ofModule'] = ({ file }) => ({
  name: file,
  inDryRun: 'is not asked in a dry run: it may change the request, or answer it',
});

function dryUsers({ users }: Config): UserDirectory {
  return new UserDirectory(users.map(({ name, may }) => ({ name, may, tokenSha256: tokenDigest(dryToken(name)) })));
}

/** Credentials that `user` proves itself with; `shownAs` is the name as the client would give it. */
export function dryLogin(user: string, shownAs: string = user): string {
  return `Basic ${Buffer.from(`${shownAs}:${dryToken(user)}`).toString('base64')}`;
}

function dryToken(user: string): string {
  return `dry run of ${user}`;
}
