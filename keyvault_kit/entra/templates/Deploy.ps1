#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
Makes at the tenant what stands in this folder, step by step, and writes down what it did.

.DESCRIPTION
Walks requests.json in order, and deploys the templates in azure/ (step 9). Asks before each change;
-WhatIf shows all of it and changes nothing. What is there already, by its name, is not made again,
so it can be run as often as needed. Ids that the tenant gives go where later requests need them.

What is to be changed is read first. Where it is not as the evidence had it, somebody changed it
since, and nothing is sent: export again. A week after the evidence nothing of the folder is sent
any more, and -WhatIf says so too. Alerts (step 9): an action group of our name keeps all whom it
tells, and a diagnostic setting all that it sends; to another workspace, and it is left alone.

What was done stands in deployed.json, an evidence file: carry it back and import it. Rollback.ps1
reads it too, and takes back what was made or changed here and nothing else.

Connect first, in the same window, with an account of your own and never with an emergency account:

  Connect-MgGraph -NoWelcome -Scopes Organization.Read.All, Group.ReadWrite.All,
      RoleManagement.ReadWrite.Directory, User.ReadWrite.All, Policy.Read.All,
      Policy.ReadWrite.ConditionalAccess, Policy.ReadWrite.AuthenticationMethod,
      Policy.ReadWrite.Authorization
  Connect-AzAccount            (for step 9 alone; module Az)

Serves S8, S12, S22, S24, S26, S44, S45, S46, S47, S48, S49 and S50; each request and each file
names its own.

.PARAMETER Step
Which of the twelve steps to do; all that have something to do where none is named.

.PARAMETER WorkspaceResourceId
The Log Analytics workspace that gets the logs, by its resource id; needed for step 9. The alerts
are put into its resource group.

.PARAMETER Email
Whom alerts tell by mail.

.PARAMETER Sms
Whom alerts tell by text message, as country code and number: 49:15112345678.

.PARAMETER Push
Whom alerts tell in the Azure app, by the mail address of its user.

.PARAMETER Voice
Whom alerts call, as country code and number.

.PARAMETER Rollback
Walks rollback/requests.json instead. Rollback.ps1 does that.

.EXAMPLE
./Deploy.ps1 -WhatIf

.EXAMPLE
./Deploy.ps1 -Step 1, 2
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param(
    [ValidateRange(1, 12)]
    [int[]] $Step = 1..12,

    [ValidatePattern('^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.OperationalInsights/workspaces/[^/]+$')]
    [string] $WorkspaceResourceId,

    [string[]] $Email = @(),

    [ValidatePattern('^[0-9]{1,3}:[0-9]+$')]
    [string[]] $Sms = @(),

    [string[]] $Push = @(),

    [ValidatePattern('^[0-9]{1,3}:[0-9]+$')]
    [string[]] $Voice = @(),

    [switch] $Rollback
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$InformationPreference = 'Continue'

$Folder = $PSScriptRoot
$Utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
$Format = 'keyvault-kit/evidence/v1'
$EvidenceFile = Join-Path -Path $Folder -ChildPath 'deployed.json'
$Tries = 6
$SecondsBetween = 15

# --- Files

function Get-FolderText {
    [CmdletBinding()]
    param([string] $Name)

    $path = Join-Path -Path $Folder -ChildPath $Name
    $text = [System.IO.File]::ReadAllText($path, $Utf8)
    if ($text.Contains('REHEARSAL')) {
        throw "$Name is of a rehearsal. No tenant takes any of it."
    }
    return $text
}

function Get-Property {
    [CmdletBinding()]
    param($From, [string] $Name)

    if ($null -eq $From) {
        return $null
    }
    $found = $From.PSObject.Properties[$Name]
    if ($null -eq $found) {
        return $null
    }
    return $found.Value
}

# --- What was done: the evidence file, and the ids that it holds

function Get-Earlier {
    [CmdletBinding()]
    param([string] $TenantId)

    if (-not (Test-Path -LiteralPath $EvidenceFile)) {
        return @()
    }
    $earlier = [System.IO.File]::ReadAllText($EvidenceFile, $Utf8) | ConvertFrom-Json
    if ($earlier.format -ne $Format) {
        throw "$EvidenceFile is no evidence file of this script. Move it away."
    }
    if ($earlier.tenantId -ne $TenantId) {
        throw "deployed.json is about tenant $($earlier.tenantId), and this is $TenantId. Use the folder that was made for it."
    }
    return @($earlier.events)
}

function Get-Token {
    [CmdletBinding()]
    param([string] $Name)

    # The newest counts: what was taken back and made anew has another id.
    $held = @($Events | Where-Object { $_.ok -and (Get-Property -From $_ -Name 'token') -eq $Name })
    if ($held.Count -eq 0) {
        return $null
    }
    return $held[-1]
}

function Add-Event {
    [CmdletBinding()]
    param([string] $Request, [bool] $Ok, [string] $Token, [string] $Id, [bool] $Created, [string] $Problem)

    $script:Events += [pscustomobject] @{
        time    = [datetime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        action  = $(if ($Rollback) { 'rollback' } else { 'deploy' })
        account = ''
        ok      = $Ok
        request = $Request
        token   = $Token
        id      = $Id
        created = $Created
        error   = $(if ($Problem) { $Problem } else { $null })
    }
    if ($WhatIfPreference) {
        return
    }
    $file = [ordered] @{
        format   = $Format
        tenantId = $TenantId
        events   = @($script:Events)
    }
    $half = "$EvidenceFile.half"
    [System.IO.File]::WriteAllText($half, ($file | ConvertTo-Json -Depth 6), $Utf8)
    Move-Item -LiteralPath $half -Destination $EvidenceFile -Force -Confirm:$false
}

function Get-Filled {
    [CmdletBinding()]
    param([string] $Text)

    foreach ($match in [regex]::Matches($Text, '\{\{([a-z0-9_]+)\}\}')) {
        $held = Get-Token -Name $match.Groups[1].Value
        if ($held -and $held.id) {
            $Text = $Text.Replace($match.Value, $held.id)
        } elseif (-not $WhatIfPreference) {
            throw "Nothing has given $($match.Value) yet. Do the earlier steps first."
        }
    }
    return $Text
}

# --- Microsoft Graph

function Invoke-Graph {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([string] $Method, [string] $Uri, [string] $Body, [string] $About)

    if ($Method -ne 'GET' -and -not $PSCmdlet.ShouldProcess("$Method $Uri", $About)) {
        return $null
    }
    $request = @{
        Method             = $Method
        Uri                = $Uri
        OutputType         = 'PSObject'
        SkipHttpErrorCheck = $true
        StatusCodeVariable = 'status'
    }
    if ($Body) {
        $request.Body = $Body
        $request.ContentType = 'application/json; charset=utf-8'
    }
    # What was made a moment ago is not known everywhere at once.
    for ($try = 1; $try -le $Tries; $try++) {
        $status = 0
        $answer = Invoke-MgGraphRequest @request
        $result = [pscustomobject] @{ Status = [int] $status; Answer = $answer }
        if ($result.Status -ne 404 -or $Method -eq 'DELETE' -or $try -eq $Tries) {
            return $result
        }
        Write-Warning -Message "$Method ${Uri}: not known at the tenant yet; again in $SecondsBetween seconds."
        Start-Sleep -Seconds $SecondsBetween
    }
}

function Get-Problem {
    [CmdletBinding()]
    param($Result)

    $told = Get-Property -From $Result.Answer -Name 'error'
    return "HTTP $($Result.Status): $(Get-Property -From $told -Name 'code') $(Get-Property -From $told -Name 'message')"
}

function Test-Match {
    [CmdletBinding()]
    param($It, $Find)

    foreach ($wanted in $Find.match.PSObject.Properties) {
        if ((Get-Property -From $It -Name $wanted.Name) -ne (Get-Filled -Text $wanted.Value)) {
            return $false
        }
    }
    return $true
}

function Get-Matching {
    [CmdletBinding()]
    param([string] $Uri, $Find)

    while ($Uri) {
        $page = Invoke-Graph -Method GET -Uri $Uri
        if ($page.Status -ge 400) {
            throw "It cannot be seen whether it is there already. $(Get-Problem -Result $page)"
        }
        @(Get-Property -From $page.Answer -Name 'value') | Where-Object { Test-Match -It $_ -Find $Find }
        $Uri = Get-Property -From $page.Answer -Name '@odata.nextLink'
    }
}

function Assert-Lasting {
    [CmdletBinding()]
    param([string] $Uri, $Find)

    # A role that was activated for some hours is listed as if it stayed.
    try {
        $held = @(Get-Matching -Uri $Uri -Find $Find)
    } catch {
        if ($_.Exception.Message -match 'AadPremiumLicenseRequired') {
            return
        }
        throw
    }
    $staying = @($held | Where-Object {
            (Get-Property -From $_ -Name 'assignmentType') -ne 'Activated' -and -not (Get-Property -From $_ -Name 'endDateTime')
        })
    if ($held.Count -gt 0 -and $staying.Count -eq 0) {
        throw 'The role is there for a time only, and is in the way. End it, and begin this step again.'
    }
}

function Find-Existing {
    [CmdletBinding()]
    param($Find)

    $uri = $Endpoint + (Get-Filled -Text $Find.url)
    if ($uri.Contains('{{')) {
        return $null
    }
    $found = @(Get-Matching -Uri $uri -Find $Find)
    if ($found.Count -gt 1) {
        throw "The tenant has $($found.Count) of this kind: $($Find.match). Look which is meant, and rename the others."
    }
    $lasting = [string] (Get-Property -From $Find -Name 'lasting')
    if ($found.Count -eq 1 -and $lasting) {
        Assert-Lasting -Uri ($Endpoint + (Get-Filled -Text $lasting)) -Find $Find
    }
    return $found | Select-Object -First 1
}

# --- What is there now, beside what the evidence had

function ConvertTo-Plain {
    [CmdletBinding()]
    param($Value)

    # What a value says, as a text: lists in no order, without annotations and without nothings.
    $said = foreach ($it in @($Value)) {
        if ($it -is [System.Management.Automation.PSCustomObject]) {
            $within = foreach ($property in $it.PSObject.Properties) {
                $text = ConvertTo-Plain -Value $property.Value
                if ($text -and -not $property.Name.Contains('@odata.')) {
                    "$($property.Name):$text"
                }
            }
            if ($within) {
                "{$(@($within | Sort-Object) -join ',')}"
            }
        } elseif ($it -and [string] $it -ne 'None') {
            ConvertTo-Json -InputObject ([string] $it) -Compress
        }
    }
    return @($said | Sort-Object) -join ','
}

function Test-Said {
    [CmdletBinding()]
    param($Now, $Body)

    # Of that alone which the body names: nothing else is changed by it.
    if ($Body -isnot [System.Management.Automation.PSCustomObject]) {
        return (ConvertTo-Plain -Value $Now) -eq (ConvertTo-Plain -Value $Body)
    }
    foreach ($property in $Body.PSObject.Properties) {
        $held = Get-Property -From $Now -Name $property.Name
        if (-not $property.Name.Contains('@odata.') -and -not (Test-Said -Now $held -Body $property.Value)) {
            return $false
        }
    }
    return $true
}

function Get-Body {
    [CmdletBinding()]
    param([string] $Name)

    return Get-Filled -Text (Get-FolderText -Name $Name) | ConvertFrom-Json
}

function Get-State {
    [CmdletBinding()]
    param($Request)

    $was = [string] (Get-Property -From $Request -Name 'was')
    if (-not $was) {
        return 'unknown'
    }
    $now = Invoke-Graph -Method GET -Uri ($Endpoint + (Get-Filled -Text $Request.reads))
    if ($Rollback -and $now.Status -eq 404) {
        return 'done'
    }
    if ($now.Status -ge 400) {
        throw "It cannot be seen what is there now. $(Get-Problem -Result $now)"
    }
    if (Test-Said -Now $now.Answer -Body (Get-Body -Name $Request.file)) {
        return 'done'
    }
    if (Test-Said -Now $now.Answer -Body (Get-Body -Name $was)) {
        return 'before'
    }
    return 'changed'
}

# --- One request

function Send-Request {
    [CmdletBinding()]
    param($Request)

    $uri = $Endpoint + (Get-Filled -Text $Request.url)
    $file = Get-Property -From $Request -Name 'file'
    $body = $(if ($file) { Get-Filled -Text (Get-FolderText -Name $file) } else { '' })
    return Invoke-Graph -Method $Request.method -Uri $uri -Body $body -About $Request.about
}

function Complete-Request {
    [CmdletBinding()]
    param($Request)

    $name = $Request.name
    $find = Get-Property -From $Request -Name 'find'
    $existing = $(if ($find) { Find-Existing -Find $find } else { $null })
    $state = Get-State -Request $Request
    if ($state -eq 'changed') {
        Stop-Request -Request $Request
        return
    }
    if ($existing -or $state -eq 'done') {
        Add-Found -Request $Request -Id ([string] (Get-Property -From $existing -Name 'id'))
        Write-Information -MessageData "${name}: there already."
        return
    }
    $result = Send-Request -Request $Request
    if ($null -eq $result) {
        return
    }
    $gone = $Request.method -eq 'DELETE' -and $result.Status -eq 404
    if ($result.Status -ge 400 -and -not $gone) {
        $problem = Get-Problem -Result $result
        Add-Event -Request $name -Ok $false -Problem $problem
        throw "${name} failed. $problem"
    }
    Add-Answer -Request $Request -Answer $result.Answer
    Write-Information -MessageData "${name}: done."
}

function Stop-Request {
    [CmdletBinding()]
    param($Request)

    if ($Rollback) {
        $problem = 'It is not as Deploy.ps1 wrote it any more, and is left alone. differences.md says what was there.'
    } else {
        $problem = 'It is not as the evidence had it: somebody changed it since. Nothing was sent; export evidence and these files again.'
    }
    Add-Event -Request $Request.name -Ok $false -Problem $problem
    if (-not $Rollback) {
        throw "$($Request.about). $problem"
    }
    Write-Warning -Message "$($Request.about). $problem"
}

function Add-Found {
    [CmdletBinding()]
    param($Request, [string] $Id)

    if ($Rollback) {
        Add-Answer -Request $Request -Answer $null
        return
    }
    # What was made here earlier is still what was made here.
    $token = [string] (Get-Property -From $Request -Name 'gives')
    $held = Get-Token -Name $token
    if ($token -and -not ($held -and $held.id -eq $Id)) {
        Add-Event -Request $Request.name -Ok $true -Token $token -Id $Id -Created $false
    }
}

function Add-Answer {
    [CmdletBinding()]
    param($Request, $Answer)

    if ($Rollback) {
        # The id of what was taken back stands for nothing any more.
        $token = [string] (Get-Property -From $Request -Name 'created')
        Add-Event -Request $Request.name -Ok $true -Token $token -Id '' -Created $false
        return
    }
    $token = [string] (Get-Property -From $Request -Name 'gives')
    $find = Get-Property -From $Request -Name 'find'
    $id = $(if ($find) { [string] (Get-Property -From $Answer -Name 'id') } else { '' })
    if ($find -and -not $id) {
        $id = [string] (Get-Property -From $find.match -Name 'id')
    }
    Add-Event -Request $Request.name -Ok $true -Token $token -Id $id -Created ($token -ne '')
}

function Test-Wanted {
    [CmdletBinding()]
    param($Request)

    if ($Step -notcontains $Request.step) {
        return $false
    }
    $needed = [string] (Get-Property -From $Request -Name 'created')
    if (-not $needed) {
        return $true
    }
    $held = Get-Token -Name $needed
    if ($held -and $held.created) {
        return $true
    }
    Write-Information -MessageData "$($Request.name): was not made here, and is left alone."
    return $false
}

# --- Azure

function Get-Resource {
    [CmdletBinding()]
    param([string] $Path)

    $answer = Invoke-AzRestMethod -Method GET -Path $Path
    if ($answer.StatusCode -eq 404) {
        return $null
    }
    if ($answer.StatusCode -ge 400) {
        throw "It cannot be seen what is there now. HTTP $($answer.StatusCode): $($answer.Content)"
    }
    return $answer.Content | ConvertFrom-Json
}

function Send-Resource {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([string] $Request, [string] $Path, [string] $Payload, [string] $About)

    if (-not $PSCmdlet.ShouldProcess($Path, $About)) {
        return
    }
    $result = Invoke-AzRestMethod -Path $Path -Method PUT -Payload $Payload
    $ok = $result.StatusCode -lt 400
    $problem = $(if ($ok) { '' } else { "HTTP $($result.StatusCode): $($result.Content)" })
    Add-Event -Request $Request -Ok $ok -Problem $problem
    if (-not $ok) {
        throw "$Request failed. $problem"
    }
}

function ConvertTo-Table {
    [CmdletBinding()]
    param($From)

    $table = @{}
    foreach ($property in $From.PSObject.Properties) {
        $table[$property.Name] = $property.Value
    }
    return $table
}

function Merge-Logs {
    [CmdletBinding()]
    param($Present, $Wanted)

    # All that is sent already stays; nothing is returned where nothing is missing.
    $to = [string] (Get-Property -From $Present -Name 'workspaceId')
    if ($to -ne $WorkspaceResourceId) {
        throw "The diagnostic setting sends to '$to' and not to the workspace that was named. It is left alone: find out who changed that."
    }
    $held = @(Get-Property -From $Present -Name 'logs' | Where-Object { $_ })
    $sent = @($held | Where-Object { $_.enabled } | ForEach-Object { Get-Property -From $_ -Name 'category' })
    $missing = @($Wanted.logs | Where-Object { $sent -notcontains $_.category })
    if ($missing.Count -eq 0) {
        return
    }
    $names = @($missing | ForEach-Object { $_.category })
    $properties = ConvertTo-Table -From $Present
    $properties.logs = @($held | Where-Object { $names -notcontains (Get-Property -From $_ -Name 'category') }) + $missing
    return $properties
}

function Set-DiagnosticSetting {
    [CmdletBinding()]
    param()

    # Asked directly: a deployment for the whole tenant needs rights that nobody should have.
    $text = Get-FolderText -Name 'azure/diagnostic-setting.json'
    $filled = $text.Replace("[parameters('workspaceResourceId')]", $WorkspaceResourceId)
    $resource = @(($filled | ConvertFrom-Json).resources)[0]
    $path = "/providers/$($resource.type)/$($resource.name)?api-version=$($resource.apiVersion)"
    $properties = $resource.properties
    $present = Get-Resource -Path $path
    if ($present) {
        $properties = Merge-Logs -Present $present.properties -Wanted $properties
    }
    if (-not $properties) {
        Write-Information -MessageData 'azure/diagnostic-setting: there already.'
        return
    }
    $payload = @{ properties = $properties } | ConvertTo-Json -Depth 8
    Send-Resource -Request 'azure/diagnostic-setting' -Path $path -Payload $payload -About 'Send the logs to the workspace'
}

function Get-Address {
    [CmdletBinding()]
    param($Receiver)

    $mail = Get-Property -From $Receiver -Name 'emailAddress'
    if ($mail) {
        return $mail
    }
    return "$(Get-Property -From $Receiver -Name 'countryCode'):$(Get-Property -From $Receiver -Name 'phoneNumber')"
}

function Get-Receiver {
    [CmdletBinding()]
    param([string] $Kind, [string] $Name, [string] $Address)

    if ($Kind -eq 'emailReceivers') {
        return @{ name = $Name; emailAddress = $Address; useCommonAlertSchema = $true }
    }
    if ($Kind -eq 'azureAppPushReceivers') {
        return @{ name = $Name; emailAddress = $Address }
    }
    $country, $local = $Address.Split(':')
    return @{ name = $Name; countryCode = $country; phoneNumber = $local }
}

function Get-Receivers {
    [CmdletBinding()]
    param($Present)

    # Those of the parameters whom the group that is there does not tell yet, each by a free name.
    $given = [ordered] @{
        emailReceivers        = $Email
        smsReceivers          = $Sms
        azureAppPushReceivers = $Push
        voiceReceivers        = $Voice
    }
    $held = @{}
    foreach ($kind in $given.Keys) {
        $held[$kind] = @(Get-Property -From $Present -Name $kind | Where-Object { $_ })
    }
    $taken = @($held.Values | ForEach-Object { $_ } | ForEach-Object { $_.name })
    $receivers = @{}
    $at = 0
    foreach ($kind in $given.Keys) {
        $told = @($held[$kind] | ForEach-Object { Get-Address -Receiver $_ })
        $receivers[$kind] = @(foreach ($address in @($given[$kind] | Select-Object -Unique)) {
                if ($told -notcontains $address) {
                    do { $at++ } while ($taken -contains "receiver-$at")
                    Get-Receiver -Kind $kind -Name "receiver-$at" -Address $address
                }
            })
    }
    return $receivers
}

function Publish-ActionGroup {
    [CmdletBinding()]
    param([string] $Id, [string] $ApiVersion, [string] $ResourceGroup)

    $path = "${Id}?api-version=$ApiVersion"
    $present = Get-Resource -Path $path
    if (-not $present) {
        Publish-Template -Name 'action-group' -ResourceGroup $ResourceGroup -Parameters (Get-Receivers)
        return
    }
    if (-not $present.properties.enabled) {
        Write-Warning -Message 'The action group is switched off: the alerts tell nobody until it is on.'
    }
    # It is sent back as it was read, with those who are new: whom it tells already stays.
    $new = Get-Receivers -Present $present.properties
    $properties = ConvertTo-Table -From $present.properties
    $count = 0
    foreach ($kind in $new.Keys) {
        $properties[$kind] = @($properties[$kind] | Where-Object { $_ }) + $new[$kind]
        $count += $new[$kind].Count
    }
    if ($count -eq 0) {
        Write-Information -MessageData 'azure/action-group: there already.'
        return
    }
    $whole = ConvertTo-Table -From $present
    $whole.properties = $properties
    $payload = $whole | ConvertTo-Json -Depth 8
    Send-Resource -Request 'azure/action-group' -Path $path -Payload $payload -About "Tell $count more besides those whom it tells"
}

function Publish-Template {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([string] $Name, [string] $ResourceGroup, [hashtable] $Parameters)

    $text = Get-Filled -Text (Get-FolderText -Name "azure/$Name.json")
    if (-not $PSCmdlet.ShouldProcess("resource group $ResourceGroup", "Deploy azure/$Name.json")) {
        return
    }
    $file = Join-Path -Path $Folder -ChildPath "azure/$Name.filled.json"
    [System.IO.File]::WriteAllText($file, $text, $Utf8)
    try {
        $null = New-AzResourceGroupDeployment -Name "keyvault-kit-$Name" -ResourceGroupName $ResourceGroup -TemplateFile $file -TemplateParameterObject $Parameters -Confirm:$false
        Add-Event -Request "azure/$Name" -Ok $true
    } catch {
        Add-Event -Request "azure/$Name" -Ok $false -Problem $_.Exception.Message
        throw
    } finally {
        Remove-Item -LiteralPath $file -Confirm:$false
    }
}

function Publish-Monitoring {
    [CmdletBinding()]
    param()

    if (-not $WorkspaceResourceId) {
        Write-Warning -Message 'Step 9 is left out: name the workspace with -WorkspaceResourceId.'
        return
    }
    if (($Email + $Sms + $Push + $Voice).Count -eq 0) {
        throw 'The alerts would tell nobody. Name somebody with -Email, -Sms, -Push or -Voice.'
    }
    $azure = Get-AzContext
    if (-not $azure -or $azure.Tenant.Id -ne $TenantId) {
        throw "Az is not connected to tenant $TenantId. Run Connect-AzAccount -Tenant $TenantId."
    }
    $null, $null, $subscription, $null, $group = $WorkspaceResourceId.Split('/')[0..4]
    $null = Set-AzContext -Subscription $subscription -WhatIf:$false -Confirm:$false
    $answer = Invoke-AzRestMethod -Method GET -Path "${WorkspaceResourceId}?api-version=2022-10-01"
    if ($answer.StatusCode -ge 400) {
        throw "The workspace cannot be read. HTTP $($answer.StatusCode): $($answer.Content)"
    }
    Set-DiagnosticSetting
    $its = @((Get-FolderText -Name 'azure/action-group.json' | ConvertFrom-Json).resources)[0]
    $actionGroup = "/subscriptions/$subscription/resourceGroups/$group/providers/$($its.type)/$($its.name)"
    Publish-ActionGroup -Id $actionGroup -ApiVersion $its.apiVersion -ResourceGroup $group
    Publish-Template -Name 'alert-rules' -ResourceGroup $group -Parameters @{
        workspaceResourceId = $WorkspaceResourceId
        actionGroupId       = $actionGroup
        location            = ($answer.Content | ConvertFrom-Json).location
    }
}

# --- The tenant

function Assert-Tenant {
    [CmdletBinding()]
    param($Accounts)

    if (-not (Get-MgContext)) {
        throw 'Nobody is connected to Microsoft Graph. Get-Help ./Deploy.ps1 shows how.'
    }
    $result = Invoke-Graph -Method GET -Uri "$Endpoint/v1.0/organization?`$select=id,verifiedDomains"
    if ($result.Status -ge 400) {
        throw "The tenant cannot be read. $(Get-Problem -Result $result)"
    }
    $tenant = @($result.Answer.value)[0]
    $domains = @($tenant.verifiedDomains | ForEach-Object { $_.name })
    foreach ($account in @($Accounts.PSObject.Properties | ForEach-Object { $_.Name })) {
        if ($domains -notcontains $account.Split('@')[-1]) {
            throw "This folder was made for another tenant: $account is not of tenant $($tenant.id)."
        }
    }
    if ($List.tenant -and $List.tenant -ne $tenant.id) {
        throw "This folder was made from evidence of tenant $($List.tenant), and this is $($tenant.id)."
    }
    return [string] $tenant.id
}

# --- All of it

$ListName = $(if ($Rollback) { 'rollback/requests.json' } else { 'requests.json' })
$List = Get-FolderText -Name $ListName | ConvertFrom-Json
if ($List.format -ne 'keyvault-kit/requests/v1') {
    throw "$ListName is not a list that this script knows: $($List.format)."
}
if ($List.rehearsal) {
    throw "$ListName is of a rehearsal. No tenant takes any of it."
}
$Until = $(if ($List.until) { ([datetime] $List.until).ToUniversalTime() } else { [datetime]::MaxValue })
if ([datetime]::UtcNow -gt $Until) {
    throw "$ListName was for use until $($Until.ToString('yyyy-MM-dd HH:mm')) UTC. Too much may have changed at the tenant since: export evidence and these files again."
}
$Endpoint = $List.endpoint
$TenantId = Assert-Tenant -Accounts $List.accounts
$Events = @(Get-Earlier -TenantId $TenantId)

$azureDone = $Rollback -or $Step -notcontains 9
foreach ($request in @($List.requests)) {
    if (-not $azureDone -and $request.step -gt 9) {
        Publish-Monitoring
        $azureDone = $true
    }
    if (Test-Wanted -Request $request) {
        Complete-Request -Request $request
    }
}
if (-not $azureDone) {
    Publish-Monitoring
}
Write-Information -MessageData "What was done stands in $EvidenceFile."
