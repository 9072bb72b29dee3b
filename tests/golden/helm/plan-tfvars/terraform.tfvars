cluster_name      = "prod"
environment       = "production"
region            = "us-east-1"
oidc_provider_url = "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
vpc_id            = "vpc-1"
tags = {
  Team = "platform"
}
