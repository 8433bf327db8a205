/** Who writes to the people of the demo. Nobody of them is real. */
import type { Person } from './people.ts';

export const who = (name: string, address: string): Person => ({ name, address });
export const MINJI = who('박민지', 'minji.park@hanbit.example');
export const JIHOON = who('이지훈', 'jihoon@hanbit.example');
export const MOTHER = who('엄마', 'younghee.choi@home.example');
export const SORA = who('최소라', 'sora.choi@home.example');
export const CLARA = who('Clara Weiss', 'clara.weiss@nordlicht.example');
export const DEEPAK = who('Deepak Rao', 'deepak@relay-tools.example');
export const ROSA = who('Rosa Jiménez', 'rosa@correo.example');
export const FORGE = who('Forge', 'notifications@forge.example');
export const SHOP = who('Bookfold Shop', 'orders@bookfold.example');
export const RAIL = who('Seohae Rail', 'tickets@seohae-rail.example');
export const DIGEST = who('Courier Weekly', 'digest@courier-weekly.example');
export const BANK = who('한강은행', 'no-reply@hangang-bank.example');
export const CLINIC = who('Dr. Hong Dental', 'reception@hong-dental.example');

/** Of mail that a list sends. */
export const list = (id: string): Readonly<Record<string, string>> => ({
  'List-Id': `<${id}>`,
  'List-Unsubscribe': `<https://${id}/leave>`,
  Precedence: 'list',
});
