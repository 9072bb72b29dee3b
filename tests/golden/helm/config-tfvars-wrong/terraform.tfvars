cluster_name = "prod"
environment  = "production"
region       = "us-east-1"
vpc_id       = "vpc-1"
kms_deletion_window_days = "often"
tags = {
  ManagedBy = "terraform"
}
