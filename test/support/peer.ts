// What a test needs of the machine that it runs on. Rule: on a developer's machine a test without its peer is skipped and
// says why; where CI is set it fails, for there a skipped test would go unseen.
import type { TestContext } from 'node:test';
import { findNpmPeer, isNpmPeer, type NpmPeerName, npmPackageOf } from '../../scripts/npm-peers.ts';
import { findCommand, type PeerName } from '../../scripts/peers.ts';

/** The path of the peer's command, or of a library its folder; without it the test has been skipped, and returns at once. */
export function requirePeer(t: TestContext, peer: PeerName | NpmPeerName): string | undefined {
  const path = isNpmPeer(peer) ? findNpmPeer(peer) : findCommand(peer);
  if (path === undefined) skipTest(t, `${peer} is not installed${isNpmPeer(peer) ? fromNpm(peer) : ''}`);
  return path;
}

function fromNpm(peer: NpmPeerName): string {
  return ` (${npmPackageOf(peer)} of test/peers, which npm test installs)`;
}

/** Skips the test, or fails it where CI is set. The test returns right after. */
export function skipTest(t: TestContext, reason: string): void {
  if (process.env['CI']) throw new Error(`${reason}, and in CI nothing is skipped`);
  t.skip(reason);
}
