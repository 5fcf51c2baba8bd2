#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
Takes back at the tenant what Deploy.ps1 made or changed from this folder.

.DESCRIPTION
Walks rollback/requests.json in order. Asks before each change; -WhatIf shows all of it and changes
nothing. What deployed.json does not tell to have been made or changed from this folder is left
alone. What Deploy.ps1 changed is put back as the evidence had it, as long as it still stands there
as it was written; what somebody changed since is named and left alone, and the rest is taken back.
differences.md says what was there. There is no last day for it. Alerts and logs (step 9) stay:
nothing is safer without them.

Connect first, as Get-Help ./Deploy.ps1 shows.

Serves S8, S12, S22, S24 and S26.

.PARAMETER Step
Which of the twelve steps to take back; all of them where none is named.

.EXAMPLE
./Rollback.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param(
    [ValidateRange(1, 12)]
    [int[]] $Step = 1..12
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

& (Join-Path -Path $PSScriptRoot -ChildPath 'Deploy.ps1') -Rollback @PSBoundParameters
