cluster_name = "prod"
environment  = production production
