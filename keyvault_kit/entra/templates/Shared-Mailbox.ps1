#requires -Version 5.1
# {{title}}
#
# Microsoft writes to administrators, and the emergency access accounts have no mailbox and no
# licence. This makes a shared mailbox that takes such mail and forwards it to a distribution group,
# so that no account and no one person is needed to read it. Both are made unless they are there.
#
# Run it with the Exchange Administrator role, after Connect-ExchangeOnline, and with -WhatIf first.
# Then name the mailbox's address as the technical contact of the organisation, and let a second
# person send it a message.
[CmdletBinding(SupportsShouldProcess)]
param(
    # Address of the shared mailbox, in a domain of the tenant.
    [Parameter(Mandatory)] [string] $Mailbox,
    # Address of the distribution group that it forwards to.
    [Parameter(Mandatory)] [string] $Group,
    # Addresses of those who are in the group, where it has to be made.
    [string[]] $Members = @(),
    # What both are called in address lists.
    [string] $Name = 'Administrator mail'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
{{refusal}}
if (-not (Get-DistributionGroup -Identity $Group -ErrorAction SilentlyContinue)) {
    if ($Members.Count -eq 0) {
        throw "There is no distribution group $Group. Name who is in it: -Members"
    }
    if ($PSCmdlet.ShouldProcess($Group, 'Make the distribution group')) {
        New-DistributionGroup -Name "$Name readers" -PrimarySmtpAddress $Group -Members $Members
    }
}

if (-not (Get-Mailbox -Identity $Mailbox -ErrorAction SilentlyContinue)) {
    if ($PSCmdlet.ShouldProcess($Mailbox, 'Make the shared mailbox')) {
        New-Mailbox -Shared -Name $Name -PrimarySmtpAddress $Mailbox
    }
}

if ($PSCmdlet.ShouldProcess($Mailbox, "Keep its mail, and forward it to $Group")) {
    Set-Mailbox -Identity $Mailbox -ForwardingAddress $Group -DeliverToMailboxAndForward $true
}
