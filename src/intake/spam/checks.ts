/** The checks of the built-in filter. */
import type { SpamCheck } from './check.ts';
import { authentication } from './checks/authentication.ts';
import { content } from './checks/content.ts';
import { addressLists, domainLists } from './checks/dns-lists.ts';
import { header } from './checks/header.ts';
import { language } from './checks/language.ts';

export const CHECKS: readonly SpamCheck[] = [authentication, addressLists, domainLists, header, content, language];
