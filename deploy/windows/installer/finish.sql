-- What an MSI needs and wixl 0.101 cannot say; run by build.sh over what wixl made. One statement ends where a line ends in
-- a semicolon.

-- Without a version in the table Windows takes an installed .exe, which has one, for the newer file, leaves out its
-- component, and then removes the old one: an upgrade would delete the program. Hashes are for files without versions.
UPDATE `File` SET `Version`='@VERSION@.0', `Language`='1033' WHERE `File`='farstat_agent.exe';
UPDATE `File` SET `Version`='@VERSION@.0', `Language`='1033' WHERE `File`='farstat.exe';
DELETE FROM `MsiFileHash` WHERE `File_`='farstat_agent.exe';
DELETE FROM `MsiFileHash` WHERE `File_`='farstat.exe';

-- Names of 8.3 characters, which the format demands beside long ones.
UPDATE `File` SET `FileName`='FSAGENT.EXE|farstat-agent.exe' WHERE `File`='farstat_agent.exe';
UPDATE `File` SET `FileName`='LICENSE.TXT' WHERE `File`='license';
UPDATE `File` SET `FileName`='EXAMPLE.TXT|agent.example.textproto' WHERE `File`='example';

-- 1 (tell when the service does not start) + 32768 (fail when it cannot be installed).
UPDATE `ServiceInstall` SET `ErrorControl`=32769 WHERE `ServiceInstall`='service';

-- An upgrade removes the old version within the transaction, so that a failure brings it back.
UPDATE `InstallExecuteSequence` SET `Sequence`=1501 WHERE `Action`='RemoveExistingProducts';

-- 50 (program named by a property) + 64 (whatever it answers) + 256 (rollback) + 1024 (deferred) + 2048 (as the system).
UPDATE `CustomAction` SET `Type`=3442 WHERE `Action`='RollBackFirewallRule';

-- What reaches the part of the installer that runs with rights.
UPDATE `Property` SET `Value`='LISTEN;CA;CERT;KEY;OPERATOR;FIREWALL_REMOTE;FIREWALL_PORT;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED' WHERE `Property`='SecureCustomProperties';

-- Logs and state go with the last farstat (2: when the component is removed), and the folders when they are empty. Settings
-- and certificates are the administrator's.
INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) VALUES ('left1', 'agent', '*', 'LeftLogs', 2);
INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `DirProperty`, `InstallMode`) VALUES ('left2', 'agent', 'LeftLogs', 2);
INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) VALUES ('left3', 'agent', '*', 'LeftState', 2);
INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `DirProperty`, `InstallMode`) VALUES ('left4', 'agent', 'LeftState', 2);
INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `DirProperty`, `InstallMode`) VALUES ('left5', 'agent', 'LeftFolder', 2);
