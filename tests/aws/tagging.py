"""Searches by tag: GetResources over the whole account, lagging behind the tags themselves.

On AWS the index that GetResources reads follows the resources with a delay of seconds. Here the
front notes what each resource's tags were and when, and GetResources shows them as they stood
`tag_lag_s` ago. IAM users and roles are never in its answers, OIDC providers only in us-east-1
(AWS: "Services that support the Resource Groups Tagging API").
"""
import base64
import json

import dynamodb
import iam
import kms
import secretsmanager
from errors import AwsError, reply_json
from service import Service
from world import dynamodb_backend, eks_backend, iam_backend, kms_backend, now, settings, world

CHANGES = ("Create", "Tag", "Untag", "DeleteTable", "DeleteCluster", "DeleteOpenID", "DeleteSecret",
           "Restore")


class Tagging(Service):
    def before(self, req):
        if req.operation == "GetResources":
            _check_search(req.params)

    def answer(self, req):
        return _get_resources(req) if req.operation == "GetResources" else None


def inventory(region):
    """What GetResources could ever show: ARN -> tags, as they are now."""
    found = {k.arn: kms.tags_of(region, k) for k in kms_backend(region).keys.values()}
    found |= {t.table_arn: dynamodb.tags_of(t) for t in dynamodb_backend(region).tables.values()}
    found |= {c.arn: dict(c.tags) for c in eks_backend(region).clusters.values()}
    found |= secretsmanager.inventory(region)
    if region == "us-east-1":
        found |= {arn: iam.tags_of(arn) for arn in iam_backend().open_id_providers}
    return found


def observe(req):
    """After a call that may have changed tags, note what changed and when."""
    if req.operation.startswith(CHANGES):
        note("us-east-1" if req.service == "iam" else req.region)


def note(region):
    """Compare the region's resources with what was last seen of them."""
    seen, history, when = inventory(region), world.tag_history.setdefault(region, {}), now()
    for arn in set(history) - set(seen):
        if history[arn][-1][1] is not None:
            history[arn].append((when, None))
    for arn, tags in seen.items():
        if arn not in history or history[arn][-1][1] != tags:
            history.setdefault(arn, []).append((when, tags))


def _as_indexed(region):
    """ARN -> tags as they stood tag_lag_s ago, for what ever had tags and was there then."""
    horizon, out = now() - settings["tag_lag_s"], {}
    for arn, changes in world.tag_history.get(region, {}).items():
        past = [tags for when, tags in changes if when <= horizon]
        if past and past[-1] is not None and any(past):
            out[arn] = past[-1]
    return out


def _check_search(p):
    if p.get("ResourceARNList") and (p.get("TagFilters") or p.get("ResourceTypeFilters")):
        raise AwsError("InvalidParameterException",
                       "ResourceARNList cannot be combined with filters")
    if not 1 <= p.get("ResourcesPerPage", 50) <= 100:
        raise AwsError("InvalidParameterException", "ResourcesPerPage must be from 1 to 100")
    if len(p.get("TagFilters", [])) > 50:
        raise AwsError("InvalidParameterException", "at most 50 TagFilters")


def _type_of(arn):
    """'kms:key' from arn:aws:kms:region:account:key/id."""
    parts = arn.split(":", 5)
    return parts[2] + ":" + parts[5].split("/")[0]


def _wanted(p, arn, tags):
    if p.get("ResourceARNList"):
        return arn in p["ResourceARNList"]
    kinds = p.get("ResourceTypeFilters") or []
    kind = _type_of(arn)
    if kinds and kind not in kinds and kind.split(":")[0] not in kinds:
        return False
    return all(f["Key"] in tags and (not f.get("Values") or tags[f["Key"]] in f["Values"])
               for f in p.get("TagFilters") or [])


def _start_of(token):
    """The ARN after which the next page begins."""
    try:
        return json.loads(base64.b64decode(token, validate=True))["after"] if token else ""
    except (ValueError, KeyError, TypeError):
        raise AwsError("InvalidParameterException", "The pagination token is not valid") from None


def _get_resources(req):
    p = req.params
    start, size = _start_of(p.get("PaginationToken")), p.get("ResourcesPerPage", 50)
    found = sorted((arn, tags) for arn, tags in _as_indexed(req.region).items()
                   if arn > start and _wanted(p, arn, tags))
    page, token = found[:size], ""
    if len(found) > size:
        token = base64.b64encode(json.dumps({"after": page[-1][0]}).encode()).decode()
    listed = [{"ResourceARN": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
              for arn, tags in page]
    return reply_json(req, {"PaginationToken": token, "ResourceTagMappingList": listed})
