// The commands of the guides to what passes through, and of every page that no other test names: each of them is typed into a shell.
import { testPages } from '../support/pages/page-run.ts';
import { pagesOf } from '../support/pages/page-shares.ts';

testPages(import.meta.filename, pagesOf('traffic'));
