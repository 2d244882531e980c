# Beside main.tf. The state is in the GitLab project, which also locks it. The TF_HTTP_* variables of the pipeline say where.
terraform {
  backend "http" {}
}
