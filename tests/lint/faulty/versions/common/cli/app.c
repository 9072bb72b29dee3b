/* such as 1.2.3 */
const char *agent = "helm-vault-aws/1.2.3", *other = "11.2.3";
