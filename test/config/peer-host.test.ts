import type { NetworkInterfaceInfo } from 'node:os';
import t from 'tap';
import { choosePeerHost, type MachineAddresses } from '../../src/config/peer-host.ts';

function address(family: 'IPv4' | 'IPv6', text: string, internal = false): NetworkInterfaceInfo {
  const common = { address: text, netmask: '', mac: '02:00:00:00:00:01', internal, cidr: null };
  return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid: 0 };
}

const LOOPBACK = [address('IPv4', '127.0.0.1', true), address('IPv6', '::1', true)];

const MACHINE: MachineAddresses = {
  name: 'box',
  interfaces: {
    lo: LOOPBACK,
    usb0: [address('IPv4', '169.254.7.9')],
    eth0: [address('IPv6', '2001:db8::7'), address('IPv4', '10.1.2.3'), address('IPv4', '10.1.2.4')],
    eth1: [address('IPv4', '192.0.2.9')],
  },
};

t.test('PEER_HOST is taken as it is, whatever HOST says', async (t) => {
  for (const HOST of ['127.0.0.1', '0.0.0.0', '::']) {
    t.equal(choosePeerHost({ PEER_HOST: 'node-1.peers', HOST }, MACHINE), 'node-1.peers');
  }
});

t.test('without it a HOST that is an address or a name is taken', async (t) => {
  for (const HOST of ['127.0.0.1', '::1', '10.9.9.9', 'somewhere.example']) {
    t.equal(choosePeerHost({ HOST }, MACHINE), HOST);
  }
});

t.test('for a wildcard the first IPv4 address stands in by which others may reach the machine', async (t) => {
  t.equal(choosePeerHost({ HOST: '0.0.0.0' }, MACHINE), '10.1.2.3');
  t.equal(choosePeerHost({ HOST: '::' }, MACHINE), '10.1.2.3');
});

t.test('a machine without such an address is told by its name', async (t) => {
  const self = [address('IPv4', '169.254.7.9')];
  for (const interfaces of [{}, { lo: LOOPBACK }, { lo: LOOPBACK, eth0: undefined }, { lo: LOOPBACK, usb0: self }]) {
    t.equal(choosePeerHost({ HOST: '0.0.0.0' }, { name: 'box', interfaces }), 'box');
  }
});
