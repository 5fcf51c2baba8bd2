"""Commands that the kit's scripts may use, and the parameters of each in Windows PowerShell 5.1.

What only PowerShell 6 and later know (`-AsByteStream`, `-AsHashtable`, `-Parallel`, `utf8NoBOM`)
is left out on purpose: administrators run the scripts with either. Sources: the reference pages of
Microsoft.PowerShell.Core, .Management, .Utility and .Security 5.1, Microsoft.Graph.Authentication,
Microsoft.Graph.Identity.SignIns, Microsoft.Graph.Users, Az.Accounts, Az.Resources and
ExchangeOnlineManagement.
"""

from typing import Final

COMMON: Final = frozenset(
    """
    Confirm Debug ErrorAction ErrorVariable InformationAction InformationVariable OutBuffer
    OutVariable PipelineVariable Verbose WarningAction WarningVariable WhatIf
    """.split()
)
"""Parameters of every command."""

BUILT_IN: Final = {
    "Add-Content": "Path LiteralPath Value Encoding Force NoNewline",
    "Compare-Object": "ReferenceObject DifferenceObject Property SyncWindow PassThru",
    "ConvertFrom-Json": "InputObject",
    "ConvertFrom-SecureString": "SecureString",
    "ConvertTo-Json": "InputObject Depth Compress",
    "Copy-Item": "Path LiteralPath Destination Force Recurse",
    "ForEach-Object": "Process Begin End MemberName InputObject",
    "Get-ChildItem": "Path LiteralPath Filter Include Exclude Recurse File Directory Name Force",
    "Get-Command": "Name Module CommandType",
    "Get-Content": "Path LiteralPath Raw Encoding TotalCount Tail",
    "Get-Date": "Date Format UFormat",
    "Get-FileHash": "Path LiteralPath Algorithm InputStream",
    "Get-Item": "Path LiteralPath Force",
    "Get-Member": "InputObject Name MemberType",
    "Get-Module": "Name ListAvailable",
    "Get-Random": "Minimum Maximum Count InputObject",
    "Get-Variable": "Name Scope ValueOnly",
    "Group-Object": "Property NoElement AsHashTable AsString",
    "Import-Module": "Name MinimumVersion RequiredVersion Force",
    "Join-Path": "Path ChildPath Resolve",
    "Measure-Object": "Property Sum Maximum Minimum InputObject",
    "Move-Item": "Path LiteralPath Destination Force",
    "New-Item": "Path Name ItemType Value Force",
    "New-Object": "TypeName ArgumentList Property ComObject",
    "Out-File": "FilePath LiteralPath Encoding InputObject Append NoClobber Force NoNewline Width",
    "Out-Null": "InputObject",
    "Out-String": "InputObject Stream Width",
    "Read-Host": "Prompt AsSecureString",
    "Remove-Item": "Path LiteralPath Recurse Force",
    "Remove-Variable": "Name Scope Force",
    "Resolve-Path": "Path LiteralPath Relative",
    "Select-Object": "Property ExpandProperty First Last Skip Unique Index InputObject",
    "Set-Content": "Path LiteralPath Value Encoding Force NoNewline",
    "Set-StrictMode": "Version Off",
    "Set-Variable": "Name Value Scope Force",
    "Sort-Object": "Property Descending Unique InputObject",
    "Split-Path": "Path LiteralPath Leaf Parent Resolve",
    "Start-Sleep": "Seconds Milliseconds",
    "Stop-Transcript": "",
    "Test-Path": "Path LiteralPath PathType",
    "Where-Object": "FilterScript Property EQ NE Like Match In InputObject Value",
    "Write-Debug": "Message",
    "Write-Error": "Message Exception ErrorRecord Category TargetObject",
    "Write-Host": "Object NoNewline ForegroundColor BackgroundColor Separator",
    "Write-Information": "MessageData Tags",
    "Write-Output": "InputObject NoEnumerate",
    "Write-Progress": "Activity Status PercentComplete Completed Id",
    "Write-Verbose": "Message",
    "Write-Warning": "Message",
}

GRAPH: Final = {
    "Connect-MgGraph": "Scopes TenantId Environment NoWelcome ContextScope UseDeviceCode",
    "Disconnect-MgGraph": "",
    "Get-MgContext": "",
    "Get-MgUser": "UserId Property Filter All ExpandProperty ConsistencyLevel",
    "Invoke-MgGraphRequest": (
        "Method Uri Body Headers OutputFilePath InputFilePath InferOutputFileName PassThru "
        "ContentType OutputType SkipHttpErrorCheck StatusCodeVariable ResponseHeadersVariable"
    ),
    "Update-MgPolicyAuthorizationPolicy": "AllowedToUseSspr BodyParameter AuthorizationPolicyId",
    "Update-MgUser": "UserId PasswordPolicies PasswordProfile BodyParameter",
}

AZURE: Final = {
    "Connect-AzAccount": "Tenant Subscription Environment UseDeviceAuthentication",
    "Get-AzContext": "Name ListAvailable",
    "Get-AzResourceGroup": "Name Location",
    "Invoke-AzRestMethod": (
        "Path Uri Method Payload ResourceGroupName SubscriptionId ApiVersion WaitForCompletion"
    ),
    "New-AzResourceGroupDeployment": (
        "Name ResourceGroupName TemplateFile TemplateObject TemplateParameterObject "
        "TemplateParameterFile Mode Force WhatIfResultFormat"
    ),
    "New-AzTenantDeployment": (
        "Name Location TemplateFile TemplateObject TemplateParameterObject TemplateParameterFile"
    ),
    "Set-AzContext": "Subscription Tenant",
}

EXCHANGE: Final = {
    "Connect-ExchangeOnline": "UserPrincipalName Organization ShowBanner",
    "Disconnect-ExchangeOnline": "",
    "Get-DistributionGroup": "Identity",
    "Get-Mailbox": "Identity RecipientTypeDetails ResultSize",
    "New-DistributionGroup": "Name DisplayName Alias PrimarySmtpAddress Members Type",
    "New-Mailbox": "Shared Name DisplayName Alias PrimarySmtpAddress",
    "Set-Mailbox": "Identity ForwardingAddress ForwardingSmtpAddress DeliverToMailboxAndForward",
}

PARAMETERS: Final[dict[str, frozenset[str]]] = {
    command: frozenset(parameters.split())
    for module in (BUILT_IN, GRAPH, AZURE, EXCHANGE)
    for command, parameters in module.items()
}
"""Every command that is known -> its parameters but for the common ones."""

CHANGING: Final = frozenset(
    """
    Invoke-MgGraphRequest Update-MgPolicyAuthorizationPolicy Update-MgUser Invoke-AzRestMethod
    New-AzResourceGroupDeployment New-AzTenantDeployment New-DistributionGroup New-Mailbox
    Set-Mailbox
    """.split()
)
"""Those that change a tenant, or may: `-WhatIf` must be able to hold each of them back."""

VERBS: Final = frozenset(
    """
    Add Assert Compare Complete Confirm Connect Convert ConvertFrom ConvertTo Copy Deploy Disable
    Disconnect Enable Exit Export Find Format Get Group Import Initialize Invoke Measure Merge Move
    New Open Out Protect Publish Read Receive Register Remove Rename Request Resolve Restore Save
    Search Select Send Set Show Split Start Stop Submit Switch Sync Test Undo Unprotect Unregister
    Update Use Wait Watch Write
    """.split()
)
"""Approved verbs, as `Get-Verb` lists them: the words of it that scripts of ours might use."""
