<?php
// Sets up a site whose files and empty database are there, and says each user's id and application passwords as JSON.
// The site's address is the first argument; the users come as JSON on standard input.
define('WP_INSTALLING', true);
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

$url = $argv[1];
wp_install('Fjordvik kommune', 'sjef', 'sjef@example.no', true, '', wp_generate_password(24));
update_option('siteurl', $url);
update_option('home', $url);
update_option('timezone_string', 'Europe/Oslo'); // whatever compares local times with UTC shows here
$told = [];
foreach (json_decode(file_get_contents('php://stdin'), true) as $login => $given) {
    $user = get_user_by('login', $login) ?: get_user_by('id', wp_insert_user([
        'user_login' => $login, 'user_pass' => wp_generate_password(24), 'user_email' => "$login@example.no", 'role' => '',
    ]));
    wp_update_user(['ID' => $user->ID, 'display_name' => $given['name']]);
    $user = get_user_by('id', $user->ID);
    $user->set_role('');
    array_map([$user, 'add_role'], $given['roles']);
    array_map([$user, 'add_cap'], $given['own'] ?? []);
    $passwords = [];
    for ($count = 1; $count <= ($given['passwords'] ?? 1); $count++) {
        $passwords[] = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => "Program $count"])[0];
    }
    $told[$login] = ['id' => $user->ID, 'passwords' => $passwords];
}
echo json_encode($told);
