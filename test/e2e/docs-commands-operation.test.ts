// The commands of the guides to configuration, deployment and operation: each of them is typed into a shell.
import { testPages } from '../support/pages/page-run.ts';
import { pagesOf } from '../support/pages/page-shares.ts';

testPages(import.meta.filename, pagesOf('operation'));
