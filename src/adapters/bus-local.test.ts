import { busContract } from '../ports/bus.contract.ts';
import { LocalBus } from './bus-local.ts';

busContract(async (onError) => new LocalBus(onError));
