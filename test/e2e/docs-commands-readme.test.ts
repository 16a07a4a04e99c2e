// The commands of the README: each of them is typed into a shell.
import { requirePeer } from '../support/peer.ts';
import { testPages } from '../support/pages/page-run.ts';
import { pagesOf } from '../support/pages/page-shares.ts';

testPages(import.meta.filename, pagesOf('readme'), (t) => requirePeer(t, 'claude') !== undefined);
