// The commands of the guide to what can be seen, and of the HTTP API: each of them is typed into a shell.
import { testPages } from '../support/pages/page-run.ts';
import { pagesOf } from '../support/pages/page-shares.ts';

testPages(import.meta.filename, pagesOf('observing'));
