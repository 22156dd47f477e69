/* server/ctl_presets.c */
